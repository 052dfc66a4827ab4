interface KnownBatch {
  readonly first: number;
  readonly answers: readonly string[];
}

/** As scripts/history keeps them. */
const batchesKept = 5;

/**
 * The part of the script's mode `publish` that a publisher sees: the history, its place, and the application's keys.
 */
export class FakeScript {
  /** The updates' texts. */
  readonly history: string[] = [];
  readonly #places = new Map<string, KnownBatch[]>();
  readonly #ids = new Map<string, string>();

  /** Returns its answer; throws its refusal. */
  publish(keys: readonly string[], args: readonly string[]): readonly string[] {
    const [, , place = "", ...updateKeys] = keys;
    const [first, isFirstInLine, updates] = [Number(args[7]), args[8] === "1", args.slice(9)];
    const batches = this.#places.get(place) ?? [];
    const last = batches.at(-1);
    const next = last === undefined ? null : last.first + last.answers.length;
    const known = batches.find((batch) => batch.first === first && batch.answers.length === updates.length / 2);
    if (known !== undefined) {
      return known.answers;
    }
    if (next !== null && first < next) {
      throw new Error("ERR the updates are older than others that their publisher has sent");
    }
    if (!isFirstInLine && first !== next) {
      throw new Error("OUTOFORDER an update before these is not in the history");
    }
    const answers: string[] = [];
    for (let index = 0; index < updates.length; index += 2) {
      answers.push(this.#append(updates[index] === "1" ? updateKeys.shift() : undefined, updates[index + 1] ?? ""));
    }
    this.#places.set(place, [...batches, { first, answers }].slice(-batchesKept));
    return answers;
  }

  /** As after a failover that lost them, or when they are too old. */
  forgetPlaces(): void {
    this.#places.clear();
  }

  #append(key: string | undefined, message: string): string {
    const earlier = key === undefined ? undefined : this.#ids.get(key);
    if (earlier !== undefined) {
      return earlier;
    }
    const id = `1702493000000-${this.history.push(message)}`;
    if (key !== undefined) {
      this.#ids.set(key, id);
    }
    return id;
  }
}
