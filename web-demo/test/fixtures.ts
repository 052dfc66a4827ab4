import type { RegistrationUpdate, RegistrationView, StageView } from "regstream";

import type { LogEntry, Registration } from "../src/data/model";

/** 13 December 2023, in milliseconds since the Unix epoch. */
export const noon = 1_702_468_800_000;

/** A registration that was never validated. Its JSON is what the backend sends. */
export function registration(changes: Partial<Registration> = {}): Registration {
  return {
    id: 42,
    customerName: "Abebe Kebede",
    customerNumber: "1000234",
    phone: "+251911234567",
    branch: "Bole",
    status: "PENDING",
    message: null,
    validating: false,
    submittedAt: noon,
    updatedAt: noon,
    email: null,
    nationalId: "ET-778",
    accounts: [],
    details: null,
    processLog: [],
    mobileUserId: null,
    elixirUserId: null,
    ...changes,
  };
}

export function update(changes: Partial<RegistrationUpdate> = {}): RegistrationUpdate {
  return { registrationId: 42, status: "PENDING", timestamp: noon, ...changes };
}

export function logEntry(changes: Partial<LogEntry> = {}): LogEntry {
  return {
    stage: "duplicate_check",
    stageStatus: "completed",
    message: "No duplicate",
    timestamp: noon,
    ...changes,
  };
}

export function stageView(changes: Partial<StageView> = {}): StageView {
  return {
    name: "duplicate_check",
    status: "started",
    message: "Checking",
    startedAt: noon,
    endedAt: null,
    ...changes,
  };
}

/** The stream's view of a validation in its first stage. */
export function view(changes: Partial<RegistrationView> = {}): RegistrationView {
  return {
    registrationId: 42,
    status: "PENDING",
    stage: "duplicate_check",
    stages: [stageView()],
    hasMoreStages: false,
    message: "Checking",
    details: null,
    processLog: null,
    timestamp: noon,
    isFinal: false,
    progress: { stagesDone: 0, stagesTotal: 4 },
    hasGap: false,
    id: null,
    ...changes,
  };
}
