const reportId = new URLSearchParams(location.search).get("report") ?? "";
const line = document.querySelector("#state") as HTMLElement;

const source = new EventSource(`/reports/${reportId}/stream`);
source.onopen = () => show("Live");
source.onerror = () => show("Connection lost");
source.onmessage = ({ data }: MessageEvent<string>) => show(JSON.parse(data).text);

function show(text: string): void {
  line.textContent = text;
}
