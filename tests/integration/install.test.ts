import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { beforeAll, describe, expect, test } from "vitest";

import { Child } from "../processes/child.ts";
import { EventStream, isFinal } from "../processes/event_stream.ts";
import { Gateway } from "../processes/gateway.ts";
import { RedisServer } from "../processes/redis.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Bounds a hang: compilers run here. */
const buildTimeout = 300_000;

/** Where the library was installed, and where it was moved to. */
const installedTo = join(temporaryFolder(), "installed");
const prefix = join(temporaryFolder(), "moved");

async function cmake(...args: string[]): Promise<void> {
  const child = new Child("cmake", args);
  const code = await child.exited;
  if (code !== 0) throw new Error(`cmake ${args.join(" ")}: ${code}\n${child.log}`);
}

/** Builds a project that knows only the prefix. Returns the folder with its program. */
async function build(source: string, ...options: string[]): Promise<string> {
  const folder = temporaryFolder();
  await cmake("-S", source, "-B", folder, "-G", "Ninja", `-DCMAKE_PREFIX_PATH=${prefix}`, ...options);
  await cmake("--build", folder);
  return folder;
}

async function output(program: string, ...args: string[]): Promise<string> {
  const child = new Child(program, args);
  expect(await child.exited).toBe(0);
  return child.log;
}

/** Paths of the files with that ending, relative to the folder. */
function filesBelow(folder: string, ending: RegExp): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => ending.test(path));
}

beforeAll(async () => {
  await cmake("--install", join(root, "build"), "--prefix", installedTo);
  renameSync(installedTo, prefix);
});

describe("the installed library", () => {
  test(
    "builds the client's example, which follows a validation to its outcome",
    async () => {
      const folder = await build(join(root, "examples/cpp-follower"));
      const gateway = await Gateway.start({ more: ["--t24-latency-ms", "0", "--stage-pace-ms", "0"] });
      const example = new Child(join(folder, "follow_registration"), [gateway.url(""), "42"]);
      await example.untilOutput(/listening/);
      // It prints text from outside, to a terminal.
      const note = { stage: "no\u0085te", stageStatus: "completed", message: "\u001b[2Jé\u009b31m\u007f" };
      const published = await fetch(gateway.url("/api/registrations/42/updates"), {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(note),
      });
      expect(published.status).toBe(201);
      expect((await gateway.validate(42)).status).toBe(202);
      expect(await example.exited).toBe(0);

      expect(example.log.trimEnd().split("\n")).toEqual([
        "listening",
        "no?te: completed, ?[2Jé?31m?",
        ...["duplicate_check", "t24_lookup", "account_validation", "status_update"].flatMap((stage) => [
          expect.stringMatching(`^${stage}: started, .`),
          expect.stringMatching(`^${stage}: completed, .`),
        ]),
        expect.stringMatching(/^APPROVED: ./),
      ]);

      // A late client gets a snapshot.
      const late = await output(join(folder, "follow_registration"), gateway.url(""), "42");
      expect(late).toMatch(
        /^listening\nno\?te: completed, \?\[2Jé\?31m\?\nduplicate_check: completed, .*\n[^]*\nAPPROVED: .*\n$/,
      );
      await gateway.stop();
    },
    buildTimeout,
  );

  test(
    "builds the publisher's example, whose updates a gateway on the same Redis receives",
    async () => {
      const publisher = await build(join(root, "examples/cpp-publisher"));
      const redis = await RedisServer.start();
      const gateway = await Gateway.start({ redis: redis.address });
      const stream = await EventStream.open(gateway.url("/api/registrations/updates/stream?registrationId=42"));
      const example = new Child(join(publisher, "publish_validation"), [], {
        REDIS_HOST: "127.0.0.1",
        REDIS_PORT: String(redis.port),
      });
      expect(await example.exited).toBe(0);
      expect(await stream.updatesUntil(isFinal)).toMatchObject([
        { status: "PENDING", stage: "t24_lookup", stageStatus: "completed", message: "Found 5 accounts" },
        { status: "APPROVED", message: "Customer validated successfully", details: { accountsFound: 5 } },
      ]);
      stream.close();
      await gateway.stop();
      await redis.stop();
    },
    buildTimeout,
  );

  test(
    "reads a declaration of a workflow, with the publisher",
    async () => {
      const source = temporaryFolder();
      writeFileSync(
        join(source, "CMakeLists.txt"),
        `cmake_minimum_required(VERSION 3.25)
         project(read_declaration LANGUAGES CXX)
         find_package(regstream 0.1 CONFIG REQUIRED COMPONENTS publisher)
         add_executable(read_declaration main.cpp)
         target_link_libraries(read_declaration PRIVATE regstream::publisher)`,
      );
      writeFileSync(
        join(source, "main.cpp"),
        `#include <cstdio>
         #include <regstream/workflow/read_workflow.hpp>
         int main(int, char** arguments) {
           const auto result = regstream::read_workflow_file(arguments[1]);
           const auto* problem = std::get_if<regstream::WorkflowProblem>(&result);
           std::puts(problem == nullptr ? std::get<regstream::Workflow>(result).channel.c_str()
                                        : regstream::describe(*problem, "a.json").c_str());
         }`,
      );
      const program = join(await build(source), "read_declaration");
      expect(await output(program, join(root, "workflows/registration.json"))).toBe("service:registration-updates\n");
      expect(await output(program, join(root, "tests/vectors/workflows/id_kind_unknown.json"))).toBe(
        "a.json:3: id.kind: must be integer or text\n",
      );
    },
    buildTimeout,
  );

  test(
    "has a core that needs neither Boost nor a JSON library, in any of its headers",
    async () => {
      const headers = filesBelow(join(prefix, "include"), /\.hpp$/).filter(
        (path) => !/\/(client|broker|publisher)\//.test(path),
      );
      expect(headers).toContain("regstream/message/codec.hpp");
      const source = temporaryFolder();
      writeFileSync(
        join(source, "CMakeLists.txt"),
        `cmake_minimum_required(VERSION 3.25)
         project(core_alone LANGUAGES CXX)
         find_package(regstream 0.1 CONFIG REQUIRED COMPONENTS core)
         add_executable(core_alone main.cpp)
         target_link_libraries(core_alone PRIVATE regstream::core)`,
      );
      writeFileSync(
        join(source, "main.cpp"),
        `#include <cstdio>
         ${headers.map((path) => `#include <${path}>`).join("\n")}
         #if defined(BOOST_VERSION) || defined(INCLUDE_NLOHMANN_JSON_HPP_)
         #error "a header of the core brings another library"
         #endif
         int main() { std::puts(regstream::encode_ping(1702493000000).c_str()); }`,
      );
      const folder = await build(source, "-DCMAKE_DISABLE_FIND_PACKAGE_Boost=ON");
      expect(JSON.parse(await output(join(folder, "core_alone")))).toEqual({
        type: "ping",
        timestamp: 1_702_493_000_000,
      });
    },
    buildTimeout,
  );

  test("is not accepted as another minor version", async () => {
    const source = temporaryFolder();
    writeFileSync(
      join(source, "CMakeLists.txt"),
      `cmake_minimum_required(VERSION 3.25)
       project(newer LANGUAGES CXX)
       find_package(regstream 0.2 CONFIG REQUIRED COMPONENTS core)`,
    );
    await expect(build(source)).rejects.toThrow(/regstream-config\.cmake, version: 0\.1/);
  });

  test("names no folder of its build, nor the one that it was moved from", () => {
    const texts = filesBelow(prefix, /\.(cmake|hpp)$/);
    expect(texts).toContain("include/regstream/client/stream_client.hpp");
    for (const path of texts) {
      const text = readFileSync(join(prefix, path), "utf8");
      expect(text, path).not.toContain(root);
      expect(text, path).not.toContain(installedTo);
    }
  });

  test("comes with the program", async () => {
    expect(await output(join(prefix, "bin/regstream"), "--version")).toMatch(/0\.1\.0/);
  });
});
