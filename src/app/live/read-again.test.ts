import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, test } from "vitest";
import { readAgain } from "./read-again.ts";

/** A query of a page whose answers come when the test gives them. */
function readList() {
  const client = new QueryClient();
  const answers: PromiseWithResolvers<string[]>[] = [];
  const queryFn = () => {
    const answer = Promise.withResolvers<string[]>();
    answers.push(answer);
    return answer.promise;
  };
  const observer = new QueryObserver(client, {
    queryKey: ["agents", "page"],
    queryFn,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const close = observer.subscribe(() => undefined);
  const data = () => client.getQueryData(["agents", "page"]);
  return { client, answers, data, close };
}

test("a change that is told while a list is read for the first time is in the list in the end", async () => {
  const { client, answers, data, close } = readList();
  expect(answers).toHaveLength(1);
  readAgain(client, ["agents"]);
  answers[0]?.resolve(["from before"]);
  await expect.poll(() => answers.length).toBe(2);
  answers[1]?.resolve(["from before", "new"]);
  await expect.poll(data).toEqual(["from before", "new"]);
  close();
});

test("a list that is there is read once more, and others are let be", async () => {
  const { client, answers, data, close } = readList();
  answers[0]?.resolve(["old"]);
  await expect.poll(data).toEqual(["old"]);
  readAgain(client, ["environments"]);
  readAgain(client, ["agents"]);
  answers[1]?.resolve(["new"]);
  await expect.poll(data).toEqual(["new"]);
  expect(answers).toHaveLength(2);
  close();
});
