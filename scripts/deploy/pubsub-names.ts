import { domains, type FunctionName } from "../../shared/events/registry.ts";

/** The Pub/Sub resources of one function, by their ids. */
export function toPubSubNames(name: FunctionName) {
  const { topic } = domains[name];
  const deadLetter = `${topic}.dead-letter`;
  return { topic, deadLetter, kept: `${deadLetter}.kept`, subscription: `${topic}.default` };
}
