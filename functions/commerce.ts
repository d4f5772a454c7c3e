import { commerce as domain } from "../shared/events/commerce.ts";
import { serve } from "../shared/serve.ts";

export const commerce = serve(domain);
