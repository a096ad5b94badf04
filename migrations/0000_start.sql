CREATE TABLE `alliance` (
	`id` text PRIMARY KEY NOT NULL,
	`partnerId` text NOT NULL,
	`state` text NOT NULL,
	`termsVersion` integer NOT NULL,
	`rev` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX `alliance_partner` ON `alliance` (`partnerId`);--> statement-breakpoint
CREATE TABLE `apiKey` (
	`hash` text PRIMARY KEY NOT NULL,
	`role` text NOT NULL,
	`siteId` text,
	`partnerId` text,
	`label` text NOT NULL,
	`expiresAt` text,
	`revokedAt` text
);
--> statement-breakpoint
CREATE TABLE `backStageCheck` (
	`id` text PRIMARY KEY NOT NULL,
	`partnerId` text,
	`offerId` text,
	`code` text NOT NULL,
	`critical` integer DEFAULT 0 NOT NULL,
	`severity` real DEFAULT 0 NOT NULL,
	`ok` integer DEFAULT 1 NOT NULL,
	`validUntil` text,
	`rev` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `careNote` (
	`id` text PRIMARY KEY NOT NULL,
	`customer` text NOT NULL,
	`kind` text NOT NULL,
	`what` text NOT NULL,
	`promise` text,
	`promisedBy` text,
	`dueOn` text,
	`openedOn` text NOT NULL,
	`closedOn` text
);
--> statement-breakpoint
CREATE INDEX `care_customer` ON `careNote` (`customer`);--> statement-breakpoint
CREATE TABLE `category` (
	`slug` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`ageMinMonths` integer,
	`ageMaxMonths` integer,
	`rev` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `child` (
	`id` text PRIMARY KEY NOT NULL,
	`customer` text NOT NULL,
	`birthMonth` text NOT NULL,
	CONSTRAINT "child_month" CHECK("child"."birthMonth" glob '[12][0-9][0-9][0-9]-[01][0-9]')
);
--> statement-breakpoint
CREATE INDEX `child_customer` ON `child` (`customer`);--> statement-breakpoint
CREATE TABLE `consent` (
	`id` text PRIMARY KEY NOT NULL,
	`customer` text NOT NULL,
	`purpose` text NOT NULL,
	`channel` text NOT NULL,
	`decision` text NOT NULL,
	`source` text NOT NULL,
	`wording` text NOT NULL,
	`at` text NOT NULL,
	`recordedAt` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `consent_customer` ON `consent` (`customer`,`purpose`,`at`);--> statement-breakpoint
CREATE TABLE `customer` (
	`ref` text PRIMARY KEY NOT NULL,
	`siteId` text NOT NULL,
	`firstName` text,
	`staffId` text,
	`joinedOn` text NOT NULL,
	`holdout` integer DEFAULT 0 NOT NULL,
	`state` text DEFAULT '{}' NOT NULL,
	`version` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX `customer_site` ON `customer` (`siteId`);--> statement-breakpoint
CREATE TABLE `evidence` (
	`id` text PRIMARY KEY NOT NULL,
	`customer` text NOT NULL,
	`child` text,
	`kind` text NOT NULL,
	`goal` text NOT NULL,
	`facet` text,
	`offerId` text,
	`purchaseId` text,
	`weight` real NOT NULL,
	`halfLifeDays` integer NOT NULL,
	`speakable` integer DEFAULT 0 NOT NULL,
	`words` text,
	`staffId` text,
	`onDate` text NOT NULL,
	`aboutDate` text,
	`recordedAt` text NOT NULL,
	`retractedAt` text,
	CONSTRAINT "evidence_weight" CHECK("evidence"."weight" >= 0 and "evidence"."weight" < 1)
);
--> statement-breakpoint
CREATE INDEX `evidence_customer` ON `evidence` (`customer`,`onDate`);--> statement-breakpoint
CREATE INDEX `evidence_purchase` ON `evidence` (`purchaseId`);--> statement-breakpoint
CREATE TABLE `goal` (
	`slug` text PRIMARY KEY NOT NULL,
	`parent` text,
	`name` text NOT NULL,
	`customerWords` text NOT NULL,
	`ageMinMonths` integer,
	`ageMaxMonths` integer,
	`baseRate` real NOT NULL,
	`toldOnly` integer DEFAULT 0 NOT NULL,
	`householdLevel` integer DEFAULT 0 NOT NULL,
	`question` text,
	`rev` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `guard` (
	`ok` integer NOT NULL,
	CONSTRAINT "guard_ok" CHECK("guard"."ok" = 1)
);
--> statement-breakpoint
CREATE TABLE `hold` (
	`id` text PRIMARY KEY NOT NULL,
	`sessionId` text NOT NULL,
	`place` integer NOT NULL,
	`state` text NOT NULL,
	`expiresAt` text NOT NULL,
	`customer` text,
	`recommendationId` text,
	`rev` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `hold_place` ON `hold` (`sessionId`,`place`) WHERE "hold"."state" <> 'released';--> statement-breakpoint
CREATE INDEX `hold_rev` ON `hold` (`rev`);--> statement-breakpoint
CREATE TABLE `link` (
	`fromOffer` text NOT NULL,
	`toOffer` text NOT NULL,
	`trigger` text NOT NULL,
	`fromDays` integer NOT NULL,
	`untilDays` integer NOT NULL,
	`ageMonths` integer,
	`says` text NOT NULL,
	`rev` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`fromOffer`, `toOffer`, `trigger`)
);
--> statement-breakpoint
CREATE TABLE `offer` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`partnerId` text,
	`state` text DEFAULT 'live' NOT NULL,
	`headline` text NOT NULL,
	`priceMinor` integer NOT NULL,
	`costMinor` integer DEFAULT 0 NOT NULL,
	`ageMinMonths` integer,
	`ageMaxMonths` integer,
	`months` text DEFAULT '[]' NOT NULL,
	`stage` text NOT NULL,
	`minRelationship` integer DEFAULT 0 NOT NULL,
	`commitment` text NOT NULL,
	`goals` text NOT NULL,
	`facets` text DEFAULT '[]' NOT NULL,
	`requires` text DEFAULT '[]' NOT NULL,
	`skus` text DEFAULT '[]' NOT NULL,
	`sites` text DEFAULT '[]' NOT NULL,
	`kindness` integer DEFAULT 0 NOT NULL,
	`seated` integer DEFAULT 0 NOT NULL,
	`say` text NOT NULL,
	`said` integer DEFAULT 0 NOT NULL,
	`accepted` integer DEFAULT 0 NOT NULL,
	`rev` integer DEFAULT 0 NOT NULL,
	CONSTRAINT "offer_price" CHECK("offer"."priceMinor" >= 0)
);
--> statement-breakpoint
CREATE INDEX `offer_rev` ON `offer` (`rev`);--> statement-breakpoint
CREATE TABLE `outcome` (
	`eventId` text PRIMARY KEY NOT NULL,
	`recommendationId` text NOT NULL,
	`siteId` text NOT NULL,
	`state` text NOT NULL,
	`reason` text,
	`sessionId` text,
	`staffId` text,
	`at` text NOT NULL,
	`recordedAt` text NOT NULL,
	`digest` text NOT NULL,
	`answer` text NOT NULL,
	`orphan` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX `outcome_recommendation` ON `outcome` (`recommendationId`);--> statement-breakpoint
CREATE TABLE `pair` (
	`a` integer NOT NULL,
	`b` integer NOT NULL,
	`baskets` integer DEFAULT 0 NOT NULL,
	`customers` integer DEFAULT 0 NOT NULL,
	`rev` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`a`, `b`),
	CONSTRAINT "pair_order" CHECK("pair"."a" < "pair"."b")
);
--> statement-breakpoint
CREATE INDEX `pair_rev` ON `pair` (`rev`);--> statement-breakpoint
CREATE TABLE `partner` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`trade` text NOT NULL,
	`goals` text NOT NULL,
	`walkMinutes` text NOT NULL,
	`rev` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `policy` (
	`version` integer PRIMARY KEY NOT NULL,
	`record` text NOT NULL,
	`createdAt` text NOT NULL,
	`rev` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `product` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`sku` text,
	`source` text,
	`variationId` text,
	`gtin` text,
	`name` text NOT NULL,
	`category` text,
	`priceMinor` integer,
	`costMinor` integer,
	`unmapped` integer DEFAULT 0 NOT NULL,
	`archived` integer DEFAULT 0 NOT NULL,
	`baskets` integer DEFAULT 0 NOT NULL,
	`buyers` integer DEFAULT 0 NOT NULL,
	`rev` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `product_sku` ON `product` (`sku`);--> statement-breakpoint
CREATE UNIQUE INDEX `product_variation` ON `product` (`source`,`variationId`);--> statement-breakpoint
CREATE INDEX `product_gtin` ON `product` (`gtin`);--> statement-breakpoint
CREATE INDEX `product_rev` ON `product` (`rev`);--> statement-breakpoint
CREATE TABLE `purchase` (
	`id` text PRIMARY KEY NOT NULL,
	`source` text NOT NULL,
	`externalId` text NOT NULL,
	`revision` integer DEFAULT 0 NOT NULL,
	`customer` text,
	`siteId` text NOT NULL,
	`staffId` text,
	`soldAt` text NOT NULL,
	`currency` text NOT NULL,
	`totalMinor` integer NOT NULL,
	`voided` integer DEFAULT 0 NOT NULL,
	`stage` text,
	`recommendationId` text,
	`digest` text NOT NULL,
	`recordedAt` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `purchase_customer` ON `purchase` (`customer`,`soldAt`);--> statement-breakpoint
CREATE INDEX `purchase_sold` ON `purchase` (`soldAt`);--> statement-breakpoint
CREATE TABLE `purchaseLine` (
	`purchaseId` text NOT NULL,
	`n` integer NOT NULL,
	`productId` integer NOT NULL,
	`quantity` real NOT NULL,
	`unitPriceMinor` integer NOT NULL,
	`totalMinor` integer,
	`unitCostMinor` integer,
	`gift` integer DEFAULT 0 NOT NULL,
	`child` text,
	PRIMARY KEY(`purchaseId`, `n`)
);
--> statement-breakpoint
CREATE INDEX `line_product` ON `purchaseLine` (`productId`);--> statement-breakpoint
CREATE TABLE `recommendation` (
	`id` text PRIMARY KEY NOT NULL,
	`siteId` text NOT NULL,
	`customer` text,
	`touchpoint` text NOT NULL,
	`staffId` text,
	`at` text NOT NULL,
	`requestDigest` text NOT NULL,
	`offerId` text,
	`alternateId` text,
	`askedGoal` text,
	`arm` text NOT NULL,
	`propensity` real NOT NULL,
	`policyVersion` integer NOT NULL,
	`outcome` text,
	`outcomeReason` text,
	`outcomeAt` text,
	`saidAt` text,
	`answer` text NOT NULL,
	`inputs` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `recommendation_customer` ON `recommendation` (`customer`,`at`);--> statement-breakpoint
CREATE TABLE `referral` (
	`code` text PRIMARY KEY NOT NULL,
	`recommendationId` text,
	`offerId` text NOT NULL,
	`partnerId` text,
	`allianceId` text,
	`termsVersion` integer,
	`customer` text,
	`sessionId` text,
	`state` text NOT NULL,
	`expiresOn` text NOT NULL,
	`createdAt` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `referral_customer` ON `referral` (`customer`);--> statement-breakpoint
CREATE UNIQUE INDEX `referral_recommendation` ON `referral` (`recommendationId`);--> statement-breakpoint
CREATE TABLE `revision` (
	`id` integer PRIMARY KEY NOT NULL,
	`n` integer NOT NULL,
	`relearnDue` integer DEFAULT 0 NOT NULL,
	CONSTRAINT "revision_one" CHECK("revision"."id" = 1)
);
--> statement-breakpoint
CREATE TABLE `rule` (
	`category` text NOT NULL,
	`goal` text NOT NULL,
	`weight` real NOT NULL,
	`halfLifeDays` integer NOT NULL,
	`rev` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`category`, `goal`),
	CONSTRAINT "rule_weight" CHECK("rule"."weight" > 0 and "rule"."weight" < 1),
	CONSTRAINT "rule_half_life" CHECK("rule"."halfLifeDays" > 0)
);
--> statement-breakpoint
CREATE TABLE `saleDay` (
	`productId` integer NOT NULL,
	`day` integer NOT NULL,
	`orders` integer NOT NULL,
	`rev` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`productId`, `day`)
);
--> statement-breakpoint
CREATE INDEX `sale_day_rev` ON `saleDay` (`rev`);--> statement-breakpoint
CREATE TABLE `session` (
	`id` text PRIMARY KEY NOT NULL,
	`offerId` text NOT NULL,
	`siteId` text,
	`place` text NOT NULL,
	`facet` text,
	`startsAt` text NOT NULL,
	`endsAt` text NOT NULL,
	`capacity` integer NOT NULL,
	`bookedElsewhere` integer DEFAULT 0 NOT NULL,
	`cancelled` integer DEFAULT 0 NOT NULL,
	`rev` integer DEFAULT 0 NOT NULL,
	CONSTRAINT "session_capacity" CHECK("session"."capacity" >= 0 and "session"."bookedElsewhere" between 0 and "session"."capacity")
);
--> statement-breakpoint
CREATE INDEX `session_offer` ON `session` (`offerId`);--> statement-breakpoint
CREATE INDEX `session_rev` ON `session` (`rev`);--> statement-breakpoint
CREATE TABLE `site` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`timeZone` text NOT NULL,
	`currency` text NOT NULL,
	`rev` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `staff` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`sites` text NOT NULL,
	`role` text NOT NULL,
	`rev` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `terms` (
	`allianceId` text NOT NULL,
	`version` integer NOT NULL,
	`startsOn` text,
	`endsOn` text,
	`customerBenefit` text NOT NULL,
	`commissionBasisPoints` integer DEFAULT 0 NOT NULL,
	`disclosure` text NOT NULL,
	`record` text NOT NULL,
	`rev` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`allianceId`, `version`)
);
