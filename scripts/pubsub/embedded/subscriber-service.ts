import type { ModifyAckDeadlineRequest, Page, SeekRequest, Subscription as SubscriptionConfig } from "../protocol.ts";
import { checkAckDeadline } from "./config-checks.ts";
import { toPage } from "./paging.ts";
import { handlePull } from "./pull.ts";
import type { Resources } from "./resources.ts";
import { invalidArgument } from "./rpc-error.ts";
import { handleStreamingPull } from "./streaming-pull.ts";
import { unary } from "./unary.ts";

/** The handlers of google.pubsub.v1.Subscriber. */
export function createSubscriberService(resources: Resources) {
  return {
    CreateSubscription: unary((request: SubscriptionConfig) => resources.createSubscription(request).config),
    GetSubscription: unary(
      (request: { subscription: string }) => resources.findSubscription(request.subscription).config,
    ),
    ListSubscriptions: unary((request: { project: string } & Page) => {
      const { page, ...rest } = toPage(resources.listSubscriptions(request.project), ({ name }) => name, request);
      return { subscriptions: page, ...rest };
    }),
    DeleteSubscription: unary((request: { subscription: string }) => {
      resources.deleteSubscription(request.subscription);
      return {};
    }),
    Acknowledge: unary((request: { subscription: string; ackIds: string[] }) => {
      if (request.ackIds.length === 0) throw invalidArgument("No ack ids specified.");
      const subscription = resources.findSubscription(request.subscription);
      subscription.checkAckIds(request.ackIds);
      subscription.acknowledge(request.ackIds);
      return {};
    }),
    ModifyAckDeadline: unary((request: ModifyAckDeadlineRequest) => {
      const subscription = resources.findSubscription(request.subscription);
      if (request.ackIds.length === 0) throw invalidArgument("No ack ids specified.");
      checkAckDeadline(request.ackDeadlineSeconds, 0);
      subscription.checkAckIds(request.ackIds);
      for (const ackId of request.ackIds) subscription.modifyDeadline(ackId, request.ackDeadlineSeconds);
      return {};
    }),
    Seek: unary((request: SeekRequest) => {
      resources.seek(request);
      return {};
    }),
    Pull: handlePull(resources),
    StreamingPull: handleStreamingPull(resources),
  };
}
