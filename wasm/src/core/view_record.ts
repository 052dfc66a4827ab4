/** The offsets in bytes of the fields of the module's view records (wasm/abi/records.hpp). */

// A view record's fields,
export const viewBytes = 104;
export const instanceIdAt = 0;
export const timestampAt = 8;
export const textAt = 16;
export const stagesAt = 24;
export const textIdAt = 28;
export const statusAt = 36;
export const stageAt = 44;
export const messageAt = 52;
export const idAt = 60;
export const detailsAt = 68;
export const processLogAt = 76;
export const stageCountAt = 84;
export const stagesDoneAt = 88;
export const stagesTotalAt = 92;
export const hasMoreStagesAt = 96;
export const isFinalAt = 97;
export const hasEndedAt = 98;
export const hasGapAt = 99;
export const hasLostHistoryAt = 100;

// and a stage record's.
export const stageBytes = 40;
export const startedAtAt = 0;
export const endedAtAt = 8;
export const nameAt = 16;
export const stageMessageAt = 24;
export const stageStatusAt = 32;
