import type { ViewOf } from "regstream";
import { WorkflowStream } from "regstream";
import { statusNamed } from "regstream/workflow";

import type { CsvImportWorkflow } from "./workflow.js";
import { csvImportWorkflow } from "./workflow.js";

function element<E extends HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}

/** A stage without an update so far is "waiting". */
function showStages(view: ViewOf<CsvImportWorkflow> | null): void {
  const known = new Map(view?.stages.map((stage) => [stage.name as string, stage]));
  const items = csvImportWorkflow.stages.map(({ name, title }) => {
    const stage = known.get(name);
    const item = document.createElement("li");
    item.dataset["state"] = stage?.status ?? "waiting";
    item.append(title);
    const state = document.createElement("span");
    state.textContent = stage?.status ?? "waiting";
    item.append(state);
    return item;
  });
  element("stages").replaceChildren(...items);
}

function showImport(view: ViewOf<CsvImportWorkflow> | null): void {
  const status = view && statusNamed(csvImportWorkflow, view.status);
  element("import").dataset["kind"] = status?.kind ?? "open";
  element("status").textContent = view === null ? "Nothing is known of it yet" : (status?.title ?? view.status);
  element("message").textContent = status?.description ?? view?.message ?? "";
  const { stagesDone, stagesTotal } = view?.progress ?? { stagesDone: 0, stagesTotal: csvImportWorkflow.stages.length };
  element("count").textContent = `${stagesDone} of ${stagesTotal}`;
  const progress = element<HTMLProgressElement>("progress");
  progress.max = stagesTotal;
  progress.value = stagesDone;
  showStages(view);
}

function follow(id: string): void {
  const stream = new WorkflowStream(csvImportWorkflow, { id });
  const show = (): void => {
    const { isConnected, error, view } = stream.getSnapshot();
    const badge = element("badge");
    badge.dataset["live"] = String(isConnected);
    badge.textContent = isConnected ? "Live" : (error?.message ?? "Reconnecting…");
    showImport(view);
  };
  stream.subscribe(show);
  stream.connect();
  show();
  element("import").hidden = false;
}

const id = new URLSearchParams(location.search).get("id");
if (id !== null && id !== "") {
  element<HTMLInputElement>("import-id").value = id;
  follow(id);
}
