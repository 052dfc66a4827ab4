/**
 * Imported for its effect: the module is part of the page's JavaScript, and no file of it is looked for. For bundlers
 * that copy no files, and where `connect-src` of a Content-Security-Policy names the stream alone.
 */

import { embedModule } from "./core/load_core.js";
import { moduleInBase64 } from "./generated/module_in_base64.js";

embedModule(() => Uint8Array.from(atob(moduleInBase64), (character) => character.charCodeAt(0)));
