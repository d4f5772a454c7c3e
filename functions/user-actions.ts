import { userActions as domain } from "../shared/events/user-actions.ts";
import { serve } from "../shared/serve.ts";

export const userActions = serve(domain);
