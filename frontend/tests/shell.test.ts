import { expect, test } from "vitest";
import { prerender, trailingSlash } from "../src/routes/+layout";

test("every page is written as a folder with an index, which static servers answer", () => {
  expect(prerender).toBe(true);
  expect(trailingSlash).toBe("always");
});
