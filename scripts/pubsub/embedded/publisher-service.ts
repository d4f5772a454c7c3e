import type { Page, PublishRequest, PublishResponse, Topic as TopicConfig } from "../protocol.ts";
import { toPage } from "./paging.ts";
import { findPublishFault } from "./publish-checks.ts";
import type { Published, Resources } from "./resources.ts";
import { unary } from "./unary.ts";

/** What a server counts about its publish calls, since it was started. */
export interface PublishCounts {
  /** Publish calls received, refused ones included. */
  requests: number;
  /** Messages accepted. */
  messages: number;
}

/** A publish request with the number of bytes it had on the wire. */
export interface SizedPublishRequest extends PublishRequest {
  wireBytes: number;
}

/** The handlers of google.pubsub.v1.Publisher. */
export function createPublisherService(resources: Resources, counts: PublishCounts) {
  function store(request: SizedPublishRequest): PublishResponse {
    counts.requests += 1;
    const topic = resources.findTopic(request.topic);
    const fault = findPublishFault(request, request.wireBytes);
    if (fault !== undefined) throw fault;
    counts.messages += request.messages.length;
    // Decoded with defaults: all fields are there.
    return { messageIds: resources.publish(topic, request.messages as Published[]) };
  }

  return {
    CreateTopic: unary((request: TopicConfig) => resources.createTopic(request).config),
    GetTopic: unary((request: { topic: string }) => resources.findTopic(request.topic).config),
    ListTopics: unary((request: { project: string } & Page) => {
      const { page, ...rest } = toPage(resources.listTopics(request.project), ({ name }) => name, request);
      return { topics: page, ...rest };
    }),
    ListTopicSubscriptions: unary((request: { topic: string } & Page) => {
      const names = [...resources.findTopic(request.topic).subscriptions].map(({ config }) => config.name);
      const { page, ...rest } = toPage(names, (name) => name, request);
      return { subscriptions: page, ...rest };
    }),
    DeleteTopic: unary((request: { topic: string }) => {
      resources.deleteTopic(request.topic);
      return {};
    }),
    Publish: unary(store),
  };
}
