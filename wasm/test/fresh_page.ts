import { afterEach, vi } from "vitest";

const page: { [key: symbol]: unknown } = globalThis;
const isOwn = (key: symbol) => key.description?.startsWith("regstream ") === true;
const ownKeys = () => Object.getOwnPropertySymbols(page).filter(isOwn);

let before: ReadonlyMap<symbol, unknown> | null = null;

function forget(): void {
  for (const key of ownKeys()) {
    delete page[key];
  }
}

afterEach(() => {
  if (before !== null) {
    forget();
    for (const [key, value] of before) {
      page[key] = value;
    }
    before = null;
  }
});

/** Until the end of the test, the next import of the package's files is like a page's first. */
export function freshPage(): void {
  before ??= new Map(ownKeys().map((key) => [key, page[key]]));
  forget();
  vi.resetModules();
}
