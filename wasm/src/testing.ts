export { FakeClock } from "./testing/fake_clock.js";
export type { FakeUpdate, FakeView } from "./testing/fake_server.js";
export type { FakeStream, FakeStreamOptions, StandIns } from "./testing/fake_stream.js";
export { fakeRegistrationStream, fakeWorkflowStream } from "./testing/fake_stream.js";
