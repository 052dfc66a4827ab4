/** Two random 32-bit numbers that spread the delays of clients. */
export function randomSeed(): readonly [number, number] {
  // Node 18 has no global crypto. Spreading load needs no cryptographic randomness.
  if (typeof crypto === "undefined") {
    return [Math.random() * 2 ** 32, Math.random() * 2 ** 32];
  }
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return [high, low];
}
