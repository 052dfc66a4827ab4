// The routes that the program has, as its sources add them.
import { readdirSync, readFileSync } from "node:fs";

const native = new URL("../../../native/", import.meta.url);

/** A route as a source file adds it, and the requests that it answers for the built-in workflow. */
const known: Readonly<Record<string, string>> = {
  "gateway/gateway.cpp get workflow.stream_path": "GET /api/registrations/updates/stream",
  "gateway/gateway.cpp post tickets_path(workflow)": "POST /api/registrations/updates/stream/tickets",
  "gateway/publish_route.cpp post broker_.workflow().updates_path": "POST /api/registrations/{id}/updates",
  "gateway/health_routes.cpp get paths[0]": "GET /livez",
  "gateway/health_routes.cpp get paths[1]": "GET /readyz",
  "gateway/health_routes.cpp get paths[2]": "GET /api/health",
  "gateway/metrics_route.cpp get path": "GET /metrics",
  "backend/routes.cpp get paths[0]": "GET /api/registrations",
  "backend/routes.cpp post paths[0]": "POST /api/registrations",
  "backend/routes.cpp get paths[1]": "GET /api/registrations/{id}",
  "backend/routes.cpp post paths[2]": "POST /api/registrations/{id}/process",
};

/** Every `add(http::verb::x, pattern, …)` of the program. `regstream mock`, which plays other servers, is left out. */
function addedRoutes(): readonly string[] {
  return readdirSync(native, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".cpp") && !file.startsWith("harness/"))
    .flatMap((file) =>
      [
        ...readFileSync(new URL(file, native), "utf8").matchAll(
          /\badd\(\s*(?:boost::beast::)?http::verb::(\w+),\s*([^,]+),/g,
        ),
      ].map(([, verb = "", pattern = ""]) => `${file} ${verb} ${pattern.trim()}`),
    );
}

/** The requests that the program answers; throws for a route that the table above does not have. */
export function routesInSources(): readonly string[] {
  return addedRoutes().map((route) => {
    const request = known[route];
    if (request === undefined)
      throw new Error(
        `${route} is a new route. Describe it in docs/api/openapi.yaml and docs/http.md, and name it here`,
      );
    return request;
  });
}
