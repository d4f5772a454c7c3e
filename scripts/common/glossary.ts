/** What the console, the commands and the documents call things. */
export const glossary = {
  request: "One HTTP call with an event or a batch, and its answer.",
  sending: "An event in a request. Sent again under its event_id, it is the same event in another sending.",
  attempt:
    "A publish call to Pub/Sub for one sending or several. One that fails is followed by the next while there is time.",
  message:
    "What Pub/Sub has stored on a topic, under a number of its own. Two of one event_id are one event: consumers drop one.",
  delivery: "A message handed to one subscription. It is handed over again until it is acknowledged.",
  "dead letter": "The copy of a message that a subscription did not acknowledge in as many deliveries as it allows.",
} as const;
