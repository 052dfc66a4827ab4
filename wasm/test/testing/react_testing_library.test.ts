// @vitest-environment jsdom
import { act, cleanup, render, screen } from "@testing-library/react";
import { createElement } from "react";
import { afterEach, expect, it } from "vitest";

import { RegistrationStreams, useRegistrationUpdates } from "../../src/react.js";
import { fakeRegistrationStream } from "../../src/testing.js";

afterEach(cleanup);

function ValidationProgress({ registrationId }: { readonly registrationId: number }) {
  const { isConnected, registration, error } = useRegistrationUpdates({ registrationId });
  return createElement(
    "p",
    { role: "status" },
    isConnected ? "Live" : "Offline",
    " ",
    error?.message ?? registration?.message ?? "nothing yet",
  );
}

async function renderProgress() {
  const fake = await fakeRegistrationStream({ registrationId: 42 });
  render(createElement(RegistrationStreams, fake.options, createElement(ValidationProgress, { registrationId: 42 })));
  return fake;
}

const status = () => screen.getByRole("status").textContent;

it("shows each update as it comes, and that the connection is lost", async () => {
  const fake = await renderProgress();
  expect(status()).toBe("Offline nothing yet");
  await act(() => fake.open());
  act(() => fake.update({ stage: "t24_lookup", stageStatus: "started", message: "Looking for accounts" }));
  expect(status()).toBe("Live Looking for accounts");
  act(() => fake.lose());
  expect(status()).toBe("Offline Looking for accounts");
  act(() => fake.clock.advance(2_000));
  await act(() => fake.open());
  expect(status()).toBe("Live Looking for accounts");
});

it("shows why the server refuses", async () => {
  const fake = await renderProgress();
  await act(() => fake.refuse(401));
  expect(status()).toMatch(/^Offline The server refused the stream for good: unauthorized/);
});
