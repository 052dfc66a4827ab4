import { primeCore } from "./fakes.js";

// The sources run as they are; the module that belongs to them is in the build's output.
await primeCore();
