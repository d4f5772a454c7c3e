import { status } from "@grpc/grpc-js";
import type { ModifyAckDeadlineRequest, Subscription as SubscriptionConfig } from "../protocol.ts";
import { handlePull } from "./pull.ts";
import type { Resources } from "./resources.ts";
import { invalidArgument, RpcError } from "./rpc-error.ts";
import { handleStreamingPull } from "./streaming-pull.ts";
import { unary } from "./unary.ts";

const defaultAckDeadlineSeconds = 10;

/** The handlers of google.pubsub.v1.Subscriber. */
export function createSubscriberService(resources: Resources) {
  return {
    CreateSubscription: unary((request: SubscriptionConfig) => {
      checkSupported(request);
      const ackDeadlineSeconds = request.ackDeadlineSeconds || defaultAckDeadlineSeconds;
      return resources.createSubscription({ ...request, ackDeadlineSeconds }).config;
    }),
    GetSubscription: unary(
      (request: { subscription: string }) => resources.findSubscription(request.subscription).config,
    ),
    ListSubscriptions: unary((request: { project: string }) => ({
      subscriptions: resources.listSubscriptions(request.project).map(({ config }) => config),
    })),
    DeleteSubscription: unary((request: { subscription: string }) => {
      resources.deleteSubscription(request.subscription);
      return {};
    }),
    Acknowledge: unary((request: { subscription: string; ackIds: string[] }) => {
      if (request.ackIds.length === 0) throw invalidArgument("No ack ids specified.");
      resources.findSubscription(request.subscription).acknowledge(request.ackIds);
      return {};
    }),
    ModifyAckDeadline: unary((request: ModifyAckDeadlineRequest) => {
      const subscription = resources.findSubscription(request.subscription);
      for (const ackId of request.ackIds) subscription.modifyDeadline(ackId, request.ackDeadlineSeconds);
      return {};
    }),
    Pull: handlePull(resources),
    StreamingPull: handleStreamingPull(resources),
  };
}

/** To take a setting and then ignore it would make a local run lie about the deployed one. */
function checkSupported(config: SubscriptionConfig): void {
  const unsupported = Object.entries({
    "exactly-once delivery": config.enableExactlyOnceDelivery,
    filters: config.filter,
    "push delivery": config.pushConfig?.pushEndpoint,
    "dead letter topics": config.deadLetterPolicy,
    "BigQuery delivery": config.bigqueryConfig,
    "Cloud Storage delivery": config.cloudStorageConfig,
  }).find(([, setting]) => setting);
  if (unsupported !== undefined) {
    throw new RpcError(status.UNIMPLEMENTED, `The embedded Pub/Sub server does not do ${unsupported[0]}.`);
  }
}
