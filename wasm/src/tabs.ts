export type { ShareAcrossTabs } from "./tabs/share_across_tabs.js";
export type { TabsStreamOptions } from "./tabs/sharing.js";
export { TabsStream } from "./tabs/tabs_stream.js";
