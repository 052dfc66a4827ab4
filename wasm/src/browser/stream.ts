import type { RegistrationWorkflow } from "../generated/registration.js";
import { registrationWorkflow } from "../generated/registration.js";
import type { WorkflowSnapshot } from "./stream_options.js";
import type { RegistrationStreamOptions, StreamSnapshot } from "./stream_options.js";
import { WorkflowStream } from "./workflow_stream.js";

/** A stream of registration updates that reconnects by itself. */
export class RegistrationStream extends WorkflowStream<RegistrationWorkflow> {
  #from: WorkflowSnapshot<RegistrationWorkflow> | null = null;
  #snapshot: StreamSnapshot | null = null;

  /** Touches nothing: no module, no network, no global. */
  constructor({ registrationId, ...options }: RegistrationStreamOptions = {}) {
    super(registrationWorkflow, { ...options, id: registrationId });
  }

  override subscribe(listener: (snapshot: StreamSnapshot) => void): () => void {
    return super.subscribe(() => listener(this.getSnapshot()));
  }

  override getSnapshot(): StreamSnapshot {
    const from = super.getSnapshot();
    if (this.#snapshot === null || this.#from !== from) {
      this.#from = from;
      this.#snapshot = Object.freeze({ ...from, registration: from.view });
    }
    return this.#snapshot;
  }
}
