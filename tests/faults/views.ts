import { dirname, join } from "node:path";

import { Child } from "../processes/child.ts";
import { program } from "../processes/gateway.ts";
import type { Views } from "./client_judge.ts";
import { textOf } from "./event_id.ts";
import type { History } from "./history.ts";

/** Each registration's view after each of the history's updates, as fold_history.cpp folds them. */
export async function viewsOf(history: History): Promise<Views> {
  const texts = history.entries.map(({ text }) => `${text}\n`).join("");
  const child = new Child(join(dirname(program), "fold_history"), [], {}, texts);
  if ((await child.exited) !== 0) throw new Error(child.log);
  const views = new Map(
    child.log
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" ") as [string, string]),
  );
  return { fingerprintAt: (id) => views.get(textOf(id)) };
}
