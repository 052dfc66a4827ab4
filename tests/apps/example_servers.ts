/** The examples that have their own server, and how to run them. */
export interface ExampleServer {
  readonly name: string;
  readonly folder: string;
  readonly isBrief: true;
  readonly nodeMin: number;
  readonly build?: string;
  /** `{port}` stands for the port. */
  readonly start: string;
  readonly hasPage: boolean;
}

export const exampleServers: readonly ExampleServer[] = [
  {
    name: "the example of Express",
    folder: "express",
    isBrief: true,
    nodeMin: 18,
    start: "node server.mjs",
    hasPage: false,
  },
  {
    name: "the example of Next",
    folder: "next",
    isBrief: true,
    nodeMin: 20,
    build: "npx next build",
    start: "node_modules/.bin/next start --hostname 127.0.0.1 --port {port}",
    hasPage: true,
  },
];
