import { EventStream } from "./event_stream.ts";

/** Collects what a stream delivers: the texts of updates, and `reset`. */
export class HeardStream {
  readonly heard: { readonly registration: number; readonly text: string; readonly id: string }[] = [];
  private onHeard = (): void => undefined;

  private constructor(private readonly stream: EventStream) {
    void this.read().catch(() => undefined); // It fails when the stream is closed.
  }

  /** Opens a stream and waits for its `connected` event. */
  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<HeardStream> {
    const stream = await EventStream.open(url, headers);
    await stream.next();
    return new HeardStream(stream);
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => (this.onHeard = resolve));
  }

  has(text: string): boolean {
    return this.heard.some((one) => one.text === text);
  }

  get texts(): string[] {
    return this.heard.map(({ text }) => text);
  }

  get resets(): number {
    return this.texts.filter((text) => text === "reset").length;
  }

  close(): void {
    this.stream.close();
  }

  private async read(): Promise<never> {
    for (;;) {
      const message = await this.stream.next();
      if (message.type === "reset") this.heard.push({ registration: 0, text: "reset", id: "" });
      if (message.type === "update") {
        const { registrationId, message: text = "", id = "" } = message.data;
        this.heard.push({ registration: registrationId, text, id });
      }
      this.onHeard();
    }
  }
}
