/** REGSTREAM_APPS chooses the applications: `all`, or those whose names contain it. Without it, the brief ones. */
import { exampleServers } from "./example_servers.ts";
import { apps } from "./matrix.ts";

interface Choosable {
  readonly name: string;
  readonly isBrief?: boolean;
  readonly nodeMin?: number;
}

const chosen = process.env.REGSTREAM_APPS ?? "";
const nodeMajor = Number(process.versions.node.split(".")[0]);

const isChosen = ({ name, isBrief }: Choosable): boolean =>
  chosen === "all" || (chosen === "" ? isBrief === true : name.includes(chosen));
const runsHere = ({ nodeMin = 18 }: Choosable): boolean => nodeMajor >= nodeMin;

const everything: readonly Choosable[] = [...apps, ...exampleServers];
const wanted = everything.filter(isChosen);
if (wanted.length === 0) {
  const names = everything.map(({ name }) => name).join("; ");
  throw new Error(`No application's name contains "${chosen}". There are: ${names}`);
}
const tooNew = wanted.filter((app) => !runsHere(app)).map(({ name }) => name);
if (tooNew.length > 0) {
  const why = `Node ${process.versions.node} is too old for ${tooNew.join("; ")}`;
  // A run that names its applications has to report this. Debian 12's own Node runs the others.
  if (chosen !== "") throw new Error(`${why}: put a newer one on the PATH`);
  console.warn(`${why}: not tested here`);
}

export const chosenApps = apps.filter(isChosen).filter(runsHere);
export const chosenServers = exampleServers.filter(isChosen).filter(runsHere);
