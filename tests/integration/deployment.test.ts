// Compares what the package, the container and the deployment examples say about the program with the program.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";
import { parse } from "yaml";

import { Child, freePort } from "../processes/child.ts";
import { Gateway, regstream } from "../processes/gateway.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** Any value of a YAML file: members by name, elements by `list`, scalars by their expected type. */
interface Value {
  readonly [name: string]: Value;
}
const list = (value: Value | undefined): Value[] => value as unknown as Value[];
const texts = (value: Value | undefined): string[] => value as unknown as string[];
const readYaml = (path: string): Value => parse(read(path)) as Value;

/** How `serve` reads a configuration file. */
async function printConfig(text: string): Promise<{ code: number | null; log: string }> {
  const file = join(temporaryFolder(), "regstream.toml");
  writeFileSync(file, text);
  const child = regstream(["serve", "--config", file, "--print-config"]);
  const code = await child.exited;
  return { code, log: child.log };
}

const tomlFiles = [
  "packaging/debian/regstream.toml",
  "examples/kubernetes/regstream.toml",
  "examples/compose/regstream.toml",
];

describe("configuration files", () => {
  test.each(tomlFiles)("%s has only options that there are", async (path) => {
    const { code, log } = await printConfig(read(path));
    expect(log).toContain("address = ");
    expect(code).toBe(0);
  });

  test("each option in a comment of the package's file exists", async () => {
    const settings = [...read("packaging/debian/regstream.toml").matchAll(/^# ([a-z-]+ = .*)$/gm)].map(
      (match) => match[1]!,
    );
    expect(settings.length).toBeGreaterThan(2);
    for (const setting of settings) expect(await printConfig(`${setting}\n`)).toMatchObject({ code: 0 });
  });

  test("an unknown option is refused", async () => {
    expect((await printConfig("adress = '127.0.0.1'\n")).code).toBe(2);
  });
});

describe("the unit", () => {
  const unit = read("packaging/debian/regstream.service");

  test("starts the command with the package's configuration", () => {
    expect(unit).toContain("\nExecStart=/usr/bin/regstream serve --config /etc/regstream/regstream.toml\n");
  });

  test("waits longer than the drain before it kills", () => {
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)![1])).toBeGreaterThan(drainSeconds());
  });
});

/** The drain's default, from the table of all options. */
function drainSeconds(): number {
  const row = read("docs/configuration.md")
    .split("\n")
    .find((line) => line.startsWith("| `--drain-seconds` |"));
  return Number(/`(\d+)` \| [^|]*\|$/.exec(row ?? "")?.[1]);
}

describe("Kubernetes", () => {
  const folder = "examples/kubernetes";
  const spec = readYaml(`${folder}/deployment.yaml`).spec!;
  const pod = spec.template!.spec!;
  const container = list(pod.containers)[0]!;
  const port = list(container.ports)[0]!;
  const probes = ["readinessProbe", "livenessProbe"].map((name) => container[name]!.httpGet!);

  test("the kustomization names each file", () => {
    const kustomization = readYaml(`${folder}/kustomization.yaml`);
    const named = [...texts(kustomization.resources), ...texts(list(kustomization.configMapGenerator)[0]!.files)];
    expect(readdirSync(join(root, folder)).sort()).toEqual([...named, "kustomization.yaml", "README.md"].sort());
  });

  test("Service, disruption budget and spread select the deployment's pods", () => {
    const { labels } = spec.template!.metadata!;
    expect(spec.selector!.matchLabels).toEqual(labels);
    expect(readYaml(`${folder}/service.yaml`).spec!.selector).toEqual(labels);
    expect(readYaml(`${folder}/disruption.yaml`).spec!.selector!.matchLabels).toEqual(labels);
    expect(list(pod.topologySpreadConstraints)[0]!.labelSelector!.matchLabels).toEqual(labels);
  });

  test("the Service and the probes use the container's port, which is the configuration's", async () => {
    expect(list(readYaml(`${folder}/service.yaml`).spec!.ports)[0]!.targetPort).toBe(port.name);
    for (const probe of probes) expect(probe.port).toBe(port.name);
    expect((await printConfig(read(`${folder}/regstream.toml`))).log).toMatch(
      new RegExp(`^port = ${Number(port.containerPort)}\\b`, "m"),
    );
  });

  test("the probes' paths are the gateway's", async () => {
    const gateway = await Gateway.start({ hasDemo: false });
    for (const probe of probes) expect((await fetch(gateway.url(String(probe.path)))).status).toBe(200);
    await gateway.stop();
  });

  test("a pod has time to leave the Service and to drain", () => {
    const [command, seconds] = texts(container.lifecycle!.preStop!.exec!.command);
    expect(command).toBe("sleep");
    expect(Number(pod.terminationGracePeriodSeconds)).toBeGreaterThan(Number(seconds) + drainSeconds());
  });

  test("each mount has its volume, and each file that the configuration names a mount", () => {
    const mounts = list(container.volumeMounts);
    expect(mounts.map(({ name }) => name).sort()).toEqual(
      list(pod.volumes)
        .map(({ name }) => name)
        .sort(),
    );
    for (const [file] of read(`${folder}/regstream.toml`).matchAll(/(?<=")\/[^"]+(?=")/g)) {
      expect(mounts.some(({ mountPath }) => file.startsWith(`${String(mountPath)}/`))).toBe(true);
    }
  });

  test("the pod runs as the image's user, not as root", () => {
    const [, user, group] = /^USER (\d+):(\d+)$/m.exec(read("packaging/Containerfile"))!;
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: Number(user),
      runAsGroup: Number(group),
    });
    expect(container.securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
  });
});

describe("Compose", () => {
  const folder = "examples/compose";
  const services = readYaml(`${folder}/compose.yaml`).services!;
  const gateway = services["gateway-1"]!;
  // Compose writes "$" as "$$".
  const [, command, ...words] = texts(gateway.healthcheck!.test).map((word) => word.replaceAll("$$", "$"));
  const runCheck = (port: number): Promise<number | null> =>
    new Child(
      command!,
      words.map((word) => word.replace("/8080", `/${port}`)),
    ).exited;

  test("the health check passes only if a gateway is ready", async () => {
    const ready = await Gateway.start({ hasDemo: false });
    expect(await runCheck(ready.port)).toBe(0);
    await ready.stop();
    expect(await runCheck(ready.port)).not.toBe(0);
    const waiting = await Gateway.start({ redis: `127.0.0.1:${await freePort()}`, hasDemo: false });
    expect(await runCheck(waiting.port)).not.toBe(0);
    await waiting.stop();
  });

  test("each mounted file exists, except the keys", () => {
    const mounted = [gateway, services.caddy!]
      .flatMap(({ volumes }) => texts(volumes))
      .filter((volume) => volume.startsWith("./"));
    const files = mounted.map((volume) => volume.split(":")[0]!).filter((file) => file !== "./keys");
    expect(files.length).toBe(2);
    for (const file of files) expect(() => read(join(folder, file))).not.toThrow();
  });

  test("a gateway has time to drain", () => {
    expect(Number.parseInt(String(gateway.stop_grace_period), 10)).toBeGreaterThan(drainSeconds());
  });

  test("the proxy's configuration is valid and names the gateways", async () => {
    const home = temporaryFolder();
    const caddy = new Child(
      "caddy",
      ["validate", "--config", join(root, folder, "Caddyfile"), "--adapter", "caddyfile"],
      {
        HOME: home,
        XDG_DATA_HOME: home,
        XDG_CONFIG_HOME: home,
      },
    );
    expect(await caddy.exited, caddy.log).toBe(0);
    const gateways = Object.keys(services).filter((name) => name.startsWith("gateway"));
    expect(gateways.length).toBe(2);
    for (const name of gateways) expect(read(`${folder}/Caddyfile`)).toContain(`${name}:8080`);
  });
});
