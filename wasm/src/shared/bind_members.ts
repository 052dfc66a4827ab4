/**
 * Binds the public methods and getters of `object`, inherited ones included. So they work detached (`const { connect }
 * = stream`) and through a proxy (Vue's `reactive`), which can't reach private fields.
 */
export function bindMembers(object: object): void {
  let prototype: object = Object.getPrototypeOf(object);
  for (; prototype !== Object.prototype; prototype = Object.getPrototypeOf(prototype)) {
    for (const [name, { value, get }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      // A subclass overrides it.
      if (name === "constructor" || Object.hasOwn(object, name)) {
        continue;
      }
      const bound = get === undefined ? { value: value.bind(object), writable: true } : { get: get.bind(object) };
      Object.defineProperty(object, name, { ...bound, configurable: true });
    }
  }
}
