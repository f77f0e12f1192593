-- A fifth of the invoices belong to won deals of their customers; of those every eighth to two.

CREATE TEMPORARY TABLE link ON COMMIT DROP AS
SELECT move.id AS move_id, won.lead_id, other.lead_id AS other_lead_id
  FROM account_move move
 CROSS JOIN LATERAL (SELECT hashint8extended(move.id, 91) & 1048575 AS hash) drawn
  JOIN (SELECT partner_id, COUNT(*) AS count FROM crm_lead WHERE won_status = 'won'
         GROUP BY partner_id) customer ON customer.partner_id = move.commercial_partner_id
  JOIN (SELECT partner_id, id AS lead_id,
               ROW_NUMBER() OVER (PARTITION BY partner_id ORDER BY id) AS number
          FROM crm_lead WHERE won_status = 'won') won
    ON won.partner_id = move.commercial_partner_id
   AND won.number = 1 + mod(drawn.hash, customer.count)
  LEFT JOIN (SELECT partner_id, id AS lead_id,
                    ROW_NUMBER() OVER (PARTITION BY partner_id ORDER BY id) AS number
               FROM crm_lead WHERE won_status = 'won') other
    ON other.partner_id = move.commercial_partner_id
   AND other.number = won.number + 1
   AND mod(drawn.hash, 8) = 0
 WHERE move.move_type IN ('out_invoice', 'out_receipt')
   -- A third of the customers have no won deal.
   AND drawn.hash < 1048576 * 0.3;

ANALYZE link;

INSERT INTO link
SELECT refund.id, link.lead_id, link.other_lead_id
  FROM account_move refund
  JOIN link ON link.move_id = refund.reversed_entry_id;

UPDATE account_move_line line
   SET opportunity_id = CASE WHEN link.other_lead_id IS NOT NULL AND mod(line.id, 2) = 0
                             THEN link.other_lead_id ELSE link.lead_id END
  FROM link
 WHERE line.move_id = link.move_id AND line.display_type = 'product';

UPDATE account_move move
   SET opportunity_id = deal.lead_id
  FROM (SELECT line.move_id, MIN(line.opportunity_id) AS lead_id
          FROM account_move_line line JOIN link ON link.move_id = line.move_id
         WHERE line.opportunity_id IS NOT NULL
         GROUP BY line.move_id
        HAVING COUNT(DISTINCT line.opportunity_id) = 1) deal
 WHERE deal.move_id = move.id;
