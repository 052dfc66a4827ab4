#!/usr/bin/env node
import { runCommand } from "../dist/esm/workflow_command.js";

process.exitCode = runCommand(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
});
