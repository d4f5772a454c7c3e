import { system as domain } from "../shared/events/system.ts";
import { serve } from "../shared/serve.ts";

export const system = serve(domain);
