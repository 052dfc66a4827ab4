/**
 * Binds the public methods and getters of `object`, those of its class and of the classes above: so they work detached
 * (`const { connect } = stream`) and through a proxy (Vue's `reactive`), behind which private fields are out of reach.
 */
export function bindMembers(object: object): void {
  let prototype: object = Object.getPrototypeOf(object);
  for (; prototype !== Object.prototype; prototype = Object.getPrototypeOf(prototype)) {
    for (const [name, { value, get }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      // A class further down has overridden it.
      if (name === "constructor" || Object.hasOwn(object, name)) {
        continue;
      }
      const bound = get === undefined ? { value: value.bind(object), writable: true } : { get: get.bind(object) };
      Object.defineProperty(object, name, { ...bound, configurable: true });
    }
  }
}
