// How the peers describe a transaction: zod, imported as its README does.
import { z } from 'zod';

export const Webhook = z.object({
  id: z.string(),
  event_type: z.string(),
  data: z.looseObject({
    id: z.string(),
    status: z.enum(['pending', 'validated', 'declined']),
    category: z.string(),
    button_order_id: z.string(),
    amount: z.number().int(),
    currency: z.string(),
    order_total: z.number().int().nullish(),
    created_date: z.iso.datetime({ offset: true }),
    modified_date: z.iso.datetime({ offset: true }),
    publisher_customer_id: z.string().nullish(),
    pub_ref: z.string().nullish(),
    order_line_items: z
      .array(z.looseObject({ identifier: z.string(), total: z.number(), quantity: z.number() }))
      .nullish(),
  }),
});
