/**
 * Embeds the WebAssembly module in the page's JavaScript, so that no file is fetched for it. Import it for its effect:
 * with a bundler that copies no files, or if `connect-src` of the Content-Security-Policy allows the stream alone.
 */

import { embedModule } from "./core/load_core.js";
import { moduleInBase64 } from "./generated/module_in_base64.js";

embedModule(() => Uint8Array.from(atob(moduleInBase64), (character) => character.charCodeAt(0)));
