import { http } from "@google-cloud/functions-framework";

// (a) The floor of the platform: functions-framework as it comes, around nothing. Its parsers read the body all the same.
http("noop", (_request, response) => {
  response.status(202).json({ status: "accepted" });
});
