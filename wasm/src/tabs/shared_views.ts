import { parseJson } from "../core/json.js";
import type { ViewOf } from "../shared/messages.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

/** Returns `next`, frozen, reusing the objects of `before` wherever they are equal. */
function keep(before: unknown, next: unknown): unknown {
  if (!isObject(next) || Object.isFrozen(next)) {
    return next;
  }
  const own = isObject(before) && Array.isArray(before) === Array.isArray(next) ? before : {};
  let isSame = isObject(before) && Object.keys(before).length === Object.keys(next).length;
  for (const [key, value] of Object.entries(next)) {
    const had = Object.hasOwn(own, key) ? own[key] : undefined;
    const kept = keep(had, value);
    isSame &&= kept === had;
    // An assignment to `__proto__` would change the object's prototype.
    Object.defineProperty(next, key, { value: kept });
  }
  return isSame ? before : Object.freeze(next);
}

function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return null;
  }
}

function asStage({ stage, stageStatus, ...more }: Fields): Fields {
  return { name: stage, status: stageStatus, ...more };
}

/** Reads a view that `ViewReader.toJson` has written; null if there is none, or it is invalid. */
function readView(idMember: string, text: string): object | null {
  const sent = parse(text);
  if (!isObject(sent) || typeof sent["status"] !== "string" || !Array.isArray(sent["stages"])) {
    return null;
  }
  const { hasEnded: _ended, hasLostHistory: _lost, stages, details = null, processLog = null, ...rest } = sent;
  return {
    [idMember]: sent[idMember],
    ...rest,
    stages: stages.filter(isObject).map(asStage),
    details,
    processLog,
  };
}

/** The views of one tab's instances. Parts that did not change keep their object, as in a stream of the tab's own. */
export class SharedViews<W extends Workflow> {
  readonly #idMember: string;
  readonly #texts = new Map<IdOf<W>, string>();
  #views: ReadonlyMap<IdOf<W>, ViewOf<W>> = new Map();

  constructor(workflow: W) {
    this.#idMember = workflow.id.member;
  }

  /** Views by id; the same object until one of them changes. */
  get current(): ReadonlyMap<IdOf<W>, ViewOf<W>> {
    return this.#views;
  }

  /** Reads the views of `ids` from `textOf`. A view stays until there is a new one. */
  read(ids: readonly IdOf<W>[], textOf: (id: IdOf<W>) => string): void {
    const views = new Map<IdOf<W>, ViewOf<W>>();
    for (const id of ids) {
      const text = textOf(id);
      const before = this.#views.get(id);
      if (text !== "" && text !== this.#texts.get(id)) {
        this.#texts.set(id, text);
        const next = readView(this.#idMember, text);
        const view = next === null ? before : (keep(before, next) as ViewOf<W>);
        view === undefined || views.set(id, view);
      } else if (before !== undefined) {
        views.set(id, before);
      }
    }
    for (const id of [...this.#texts.keys()].filter((known) => !views.has(known))) {
      this.#texts.delete(id);
    }
    const isSame = views.size === this.#views.size && [...views].every(([id, view]) => this.#views.get(id) === view);
    this.#views = isSame ? this.#views : views;
  }
}
