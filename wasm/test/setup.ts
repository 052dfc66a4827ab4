import { primeCore } from "./fakes.js";

// The sources run as they are; the module that belongs to them is in the build's output.
await primeCore();

// jsdom draws frames by a timer: tests would have to wait for them. Those that are about frames bring their own.
Reflect.deleteProperty(globalThis, "requestAnimationFrame");
