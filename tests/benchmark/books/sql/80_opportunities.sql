-- One opportunity for about five invoices: half are won, a third is open, the rest is lost.

CREATE UNLOGGED TABLE books.deal AS
SELECT base.id + drawn.n AS id, drawn.*,
       CASE WHEN outcome != 'pending'
            THEN LEAST(today, opened_on + floor(books.chance(n, 81) * 90)::int) END AS closed_on
  FROM (
    SELECT n, parameter.today,
           1 + floor(parameter.customers * power(books.chance(n, 82), 1.5))::int AS customer_n,
           parameter.first_day
               + floor((parameter.today - parameter.first_day) * books.chance(n, 83))::int
               AS opened_on,
           CASE WHEN books.chance(n, 84) < 0.50 THEN 'won'
                WHEN books.chance(n, 84) < 0.83 THEN 'pending' ELSE 'lost' END AS outcome,
           ROUND(exp(7 + books.bell(n, 85))::numeric, 2) AS revenue
      FROM books.parameter
     CROSS JOIN generate_series(1, GREATEST(parameter.invoices / 5, 1)) AS n
       ) drawn
 CROSS JOIN (SELECT COALESCE(MAX(id), 0) AS id FROM crm_lead) base;

ALTER TABLE books.deal ADD PRIMARY KEY (id);
ANALYZE books.deal;

INSERT INTO crm_lead (
       id, name, type, active, partner_id, partner_name, user_id, team_id, company_id, stage_id,
       priority, color, message_bounce, expected_revenue, prorated_revenue, recurring_revenue,
       recurring_revenue_monthly, recurring_revenue_prorated, recurring_revenue_monthly_prorated,
       probability, automated_probability, won_status, date_open, date_last_stage_update,
       date_closed, day_open, day_close, lang_id, create_uid, write_uid, create_date, write_date)
SELECT deal.id, 'Deal ' || deal.n, 'opportunity', deal.outcome != 'lost',
       customer.partner_id, 'Customer ' || customer.n, salesperson.user_id, salesperson.team_id,
       customer.company_id, stage.stage_id, '0', 0, 0, deal.revenue,
       ROUND(deal.revenue * chance.percent / 100, 2), 0, 0, 0, 0,
       chance.percent, chance.percent, deal.outcome, deal.opened_on,
       COALESCE(deal.closed_on, deal.opened_on), deal.closed_on, 0,
       COALESCE(deal.closed_on - deal.opened_on, 0), lang.id, 1, 1, deal.opened_on, deal.opened_on
  FROM books.deal
  JOIN books.customer ON customer.n = deal.customer_n
  JOIN books.salesperson ON salesperson.n = customer.seller
  JOIN books.stage
    ON stage.is_won = (deal.outcome = 'won')
   AND stage.n = CASE WHEN deal.outcome = 'won' THEN 1
                      ELSE 1 + floor(books.chance(deal.n, 86)
                                     * (SELECT COUNT(*) FROM books.stage WHERE NOT is_won)) END
 CROSS JOIN LATERAL (
    SELECT CASE deal.outcome WHEN 'won' THEN 100 WHEN 'lost' THEN 0 ELSE 20 * stage.n END AS percent
       ) chance
 CROSS JOIN (SELECT id FROM res_lang WHERE code = 'en_US') lang
 ORDER BY deal.n;

SELECT setval('crm_lead_id_seq', (SELECT MAX(id) FROM crm_lead));
