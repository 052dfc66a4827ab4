import { primeCore } from "./fakes.js";

// The sources run unbuilt; their WebAssembly module is in the build's output.
await primeCore();

// jsdom draws frames by a timer, and tests would have to wait for them. Tests about frames bring their own.
Reflect.deleteProperty(globalThis, "requestAnimationFrame");
