/** Runs commands in an application's folder, as its developer would in a terminal. */

import { Child } from "../processes/child.ts";

/**
 * The environment of a separate terminal: npm and npx pass this workspace's settings on, and Vitest those of its tests.
 */
const ofThisRun = Object.keys(process.env).filter((name) => /^npm_|^NODE_ENV$|^VITE|^CI$|^FORCE_/.test(name));
const environment: NodeJS.ProcessEnv = {
  ...Object.fromEntries(ofThisRun.map((name) => [name, undefined])),
  NO_COLOR: "1", // The tests read the address that a server prints.
};

export function spawnIn(folder: string, command: string, more: NodeJS.ProcessEnv = {}): Child {
  return new Child("sh", ["-c", `cd "$0" && exec ${command}`, folder], { ...environment, ...more });
}

export async function run(folder: string, command: string, more: NodeJS.ProcessEnv = {}): Promise<void> {
  const child = spawnIn(folder, command, more);
  if ((await child.exited) !== 0) throw new Error(`${command} failed:\n${child.log}`);
}

/** Installs these packages, and those that the folder's package.json names. */
export async function npmInstall(folder: string, ...packages: readonly string[]): Promise<void> {
  const options = "--save-exact --prefer-offline --no-audit --no-fund --loglevel=error";
  await run(folder, `npm install ${options} ${packages.join(" ")}`);
}
