import { EventEmitter } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";

interface Progress {
  reportId: string;
  step: string;
  state: "running" | "done" | "failed";
  text: string;
}

const progress = new EventEmitter<{ change: [Progress] }>();

async function makeReport(reportId: string): Promise<void> {
  progress.emit("change", { reportId, step: "query", state: "running", text: "Reading 5000 rows" });
  progress.emit("change", { reportId, step: "render", state: "running", text: "Writing the PDF" });
  progress.emit("change", { reportId, step: "render", state: "done", text: "The report is ready" });
}

function stream(reportId: string, response: ServerResponse): void {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
  const send = (change: Progress) => {
    if (change.reportId === reportId) response.write(`data: ${JSON.stringify(change)}\n\n`);
  };
  const beat = setInterval(() => response.write(": still here\n\n"), 15_000);
  progress.on("change", send);
  response.on("close", () => {
    clearInterval(beat);
    progress.off("change", send);
  });
  response.write(": hello\n\n");
}

const server = createServer(async (request, response) => {
  const [, folder, reportId = "", action] = new URL(request.url ?? "/", "http://localhost").pathname.split("/");
  if (folder === "reports" && action === "stream") return stream(reportId, response);
  if (folder === "reports" && action === "make" && request.method === "POST") {
    void makeReport(reportId);
    return response.writeHead(202).end();
  }
  if (folder === "page.js") return response.writeHead(200, { "Content-Type": "text/javascript" }).end(await page());
  response.writeHead(200, { "Content-Type": "text/html" }).end(html);
});

const page = () => readFile(new URL("page.js", import.meta.url));
const html = `<!doctype html><title>Report</title><p id="state">…</p><script type="module" src="/page.js"></script>`;

server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => console.log("listening"));
