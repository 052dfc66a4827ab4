import { defineWorkflow } from "../../src/workflow.js";

/** A workflow that differs from registration in every member. */
export const csvImport = defineWorkflow({
  name: "csv-import",
  id: { member: "file", kind: "text" },
  statuses: [
    { name: "RUNNING", kind: "open" },
    { name: "PAUSED", kind: "open", title: "Paused" },
    { name: "IMPORTED", kind: "final", title: "Imported", description: "All rows are in the table." },
    { name: "REJECTED", kind: "failed" },
  ],
  stageUpdateStatus: "RUNNING",
  stages: [
    { name: "read", title: "Read the file" },
    { name: "write", title: "Write the rows", description: "In blocks of a thousand." },
  ],
  inferStageStatus: false,
  channel: "service:csv-imports",
  paths: { stream: "/api/imports/updates/stream", updates: "/api/imports/{id}/updates" },
});
