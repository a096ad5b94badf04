CREATE TABLE `aboutLink` (
	`hash` text PRIMARY KEY NOT NULL,
	`customer` text NOT NULL,
	`createdAt` text NOT NULL,
	`expiresAt` text NOT NULL,
	`actor` text NOT NULL
);--> statement-breakpoint
CREATE INDEX `about_link_customer` ON `aboutLink` (`customer`);--> statement-breakpoint
CREATE TABLE `acceptance` (
	`offerId` text NOT NULL,
	`mapping` text NOT NULL,
	`touchpoint` text NOT NULL,
	`band` integer NOT NULL,
	`said` integer DEFAULT 0 NOT NULL,
	`accepted` integer DEFAULT 0 NOT NULL,
	`declined` integer DEFAULT 0 NOT NULL,
	`expected` integer DEFAULT 0 NOT NULL,
	`rev` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`offerId`, `mapping`, `touchpoint`, `band`)
);--> statement-breakpoint
CREATE INDEX `acceptance_rev` ON `acceptance` (`rev`);--> statement-breakpoint
CREATE TABLE `customerAlias` (
	`ref` text PRIMARY KEY NOT NULL,
	`customer` text NOT NULL,
	`at` text NOT NULL,
	`actor` text NOT NULL,
	`eventId` text,
	`moved` text DEFAULT '{}' NOT NULL
);--> statement-breakpoint
CREATE INDEX `alias_customer` ON `customerAlias` (`customer`);--> statement-breakpoint
CREATE UNIQUE INDEX `alias_event` ON `customerAlias` (`eventId`);--> statement-breakpoint
CREATE TABLE `easeBuild` (
	`build` integer PRIMARY KEY NOT NULL,
	`builtAt` text NOT NULL,
	`evidence` integer NOT NULL,
	`items` integer NOT NULL,
	`weights` integer NOT NULL,
	`parts` integer NOT NULL,
	`bytes` integer NOT NULL
);--> statement-breakpoint
CREATE TABLE `easePart` (
	`build` integer NOT NULL,
	`part` integer NOT NULL,
	`sources` text NOT NULL,
	PRIMARY KEY(`build`, `part`)
);--> statement-breakpoint
CREATE TABLE `experiment` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`metric` text NOT NULL,
	`startsOn` text NOT NULL,
	`endsOn` text NOT NULL,
	`smallestLift` real NOT NULL,
	`plan` text DEFAULT '{}' NOT NULL,
	`registeredAt` text NOT NULL,
	`actor` text NOT NULL,
	`stoppedOn` text
);--> statement-breakpoint
CREATE TABLE `mappingChoice` (
	`kind` text NOT NULL,
	`term` text NOT NULL,
	`goal` text NOT NULL,
	`decision` text NOT NULL,
	`actor` text NOT NULL,
	`at` text NOT NULL,
	PRIMARY KEY(`kind`, `term`, `goal`)
);--> statement-breakpoint
CREATE TABLE `past` (
	`part` text NOT NULL,
	`key` text NOT NULL,
	`until` integer NOT NULL,
	`row` text NOT NULL,
	PRIMARY KEY(`part`, `key`, `until`)
);--> statement-breakpoint
CREATE TABLE `persona` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`record` text NOT NULL,
	`actor` text NOT NULL,
	`createdAt` text NOT NULL,
	`archived` integer DEFAULT 0 NOT NULL
);--> statement-breakpoint
CREATE TABLE `poll` (
	`id` text PRIMARY KEY NOT NULL,
	`goal` text NOT NULL,
	`question` text NOT NULL,
	`touchpoints` text DEFAULT '[]' NOT NULL,
	`goAnswers` integer NOT NULL,
	`goYes` integer NOT NULL,
	`goShare` real NOT NULL,
	`opensOn` text NOT NULL,
	`closesOn` text NOT NULL,
	`state` text NOT NULL,
	`createdAt` text NOT NULL,
	`actor` text NOT NULL,
	`version` integer DEFAULT 1 NOT NULL,
	`rev` integer DEFAULT 0 NOT NULL
);--> statement-breakpoint
CREATE TABLE `pollAnswer` (
	`pollId` text NOT NULL,
	`customer` text NOT NULL,
	`answer` text NOT NULL,
	`touchpoint` text NOT NULL,
	`eventId` text NOT NULL,
	`at` text NOT NULL,
	PRIMARY KEY(`pollId`, `customer`)
);--> statement-breakpoint
CREATE TABLE `pollLink` (
	`hash` text PRIMARY KEY NOT NULL,
	`pollId` text NOT NULL,
	`goal` text NOT NULL,
	`customer` text NOT NULL,
	`via` text NOT NULL,
	`at` text NOT NULL,
	`onDate` text NOT NULL
);--> statement-breakpoint
CREATE INDEX `poll_link_customer` ON `pollLink` (`customer`,`goal`);--> statement-breakpoint
CREATE INDEX `poll_link_poll` ON `pollLink` (`pollId`);--> statement-breakpoint
CREATE TABLE `wordRule` (
	`facet` text NOT NULL,
	`goal` text NOT NULL,
	`weight` real NOT NULL,
	`halfLifeDays` integer NOT NULL,
	`withdrawn` integer DEFAULT 0 NOT NULL,
	`rev` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`facet`, `goal`),
	CONSTRAINT "word_rule_weight" CHECK("wordRule"."weight" > 0 and "wordRule"."weight" < 1),
	CONSTRAINT "word_rule_half_life" CHECK("wordRule"."halfLifeDays" > 0)
);--> statement-breakpoint
ALTER TABLE `customer` ADD `holdoutShare` real;--> statement-breakpoint
ALTER TABLE `evidence` ADD `retractedBy` text;--> statement-breakpoint
ALTER TABLE `policy` ADD `activation` integer;--> statement-breakpoint
ALTER TABLE `policy` ADD `origin` integer;--> statement-breakpoint
ALTER TABLE `policy` ADD `note` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `policy` ADD `actor` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `policy` ADD `activatedBy` text;--> statement-breakpoint
ALTER TABLE `policy` ADD `activatedAt` text;--> statement-breakpoint
ALTER TABLE `policy` ADD `withdrawnAt` text;--> statement-breakpoint
ALTER TABLE `recommendation` ADD `wouldOffer` text;--> statement-breakpoint
ALTER TABLE `recommendation` ADD `mapping` text;--> statement-breakpoint
ALTER TABLE `recommendation` ADD `band` integer;--> statement-breakpoint
ALTER TABLE `recommendation` ADD `expected` integer;--> statement-breakpoint
ALTER TABLE `revision` ADD `easeBuild` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `rule` ADD `withdrawn` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
UPDATE `policy` SET `activation` = `rev`, `activatedAt` = `createdAt`;--> statement-breakpoint
INSERT INTO `acceptance` (`offerId`, `mapping`, `touchpoint`, `band`, `said`, `accepted`, `expected`, `rev`) SELECT `id`, '', '', -1, `said`, `accepted`, `said` * 240000, `rev` FROM `offer` WHERE `said` > 0;--> statement-breakpoint
UPDATE `customer` AS c SET `state` = json_set(`state`, '$.visits', json((SELECT json_group_array(soldOn) FROM (SELECT substr(`soldAt`, 1, 10) soldOn FROM `purchase` WHERE `purchase`.`customer` = c.`ref` AND `stage` IS NOT NULL ORDER BY `soldAt` DESC LIMIT 10))));--> statement-breakpoint
CREATE TRIGGER `past_site` AFTER UPDATE ON `site` WHEN OLD.`rev` > 0 AND OLD.`rev` < NEW.`rev` BEGIN INSERT OR IGNORE INTO `past` (`part`, `key`, `until`, `row`) VALUES ('site', OLD.`id`, NEW.`rev`, json_object('id', OLD.`id`, 'name', OLD.`name`, 'timeZone', OLD.`timeZone`, 'currency', OLD.`currency`, 'rev', OLD.`rev`)); END;--> statement-breakpoint
CREATE TRIGGER `past_staff` AFTER UPDATE ON `staff` WHEN OLD.`rev` > 0 AND OLD.`rev` < NEW.`rev` BEGIN INSERT OR IGNORE INTO `past` (`part`, `key`, `until`, `row`) VALUES ('staff', OLD.`id`, NEW.`rev`, json_object('id', OLD.`id`, 'name', OLD.`name`, 'sites', OLD.`sites`, 'role', OLD.`role`, 'rev', OLD.`rev`)); END;--> statement-breakpoint
CREATE TRIGGER `past_goal` AFTER UPDATE ON `goal` WHEN OLD.`rev` > 0 AND OLD.`rev` < NEW.`rev` BEGIN INSERT OR IGNORE INTO `past` (`part`, `key`, `until`, `row`) VALUES ('goal', OLD.`slug`, NEW.`rev`, json_object('slug', OLD.`slug`, 'parent', OLD.`parent`, 'name', OLD.`name`, 'customerWords', OLD.`customerWords`, 'ageMinMonths', OLD.`ageMinMonths`, 'ageMaxMonths', OLD.`ageMaxMonths`, 'baseRate', OLD.`baseRate`, 'toldOnly', OLD.`toldOnly`, 'householdLevel', OLD.`householdLevel`, 'question', OLD.`question`, 'rev', OLD.`rev`)); END;--> statement-breakpoint
CREATE TRIGGER `past_category` AFTER UPDATE ON `category` WHEN OLD.`rev` > 0 AND OLD.`rev` < NEW.`rev` BEGIN INSERT OR IGNORE INTO `past` (`part`, `key`, `until`, `row`) VALUES ('category', OLD.`slug`, NEW.`rev`, json_object('slug', OLD.`slug`, 'name', OLD.`name`, 'ageMinMonths', OLD.`ageMinMonths`, 'ageMaxMonths', OLD.`ageMaxMonths`, 'rev', OLD.`rev`)); END;--> statement-breakpoint
CREATE TRIGGER `past_rule` AFTER UPDATE ON `rule` WHEN OLD.`rev` > 0 AND OLD.`rev` < NEW.`rev` BEGIN INSERT OR IGNORE INTO `past` (`part`, `key`, `until`, `row`) VALUES ('rule', OLD.`category` || '/' || OLD.`goal`, NEW.`rev`, json_object('category', OLD.`category`, 'goal', OLD.`goal`, 'weight', OLD.`weight`, 'halfLifeDays', OLD.`halfLifeDays`, 'rev', OLD.`rev`, 'withdrawn', OLD.`withdrawn`)); END;--> statement-breakpoint
CREATE TRIGGER `past_product` AFTER UPDATE ON `product` WHEN OLD.`rev` > 0 AND OLD.`rev` < NEW.`rev` AND (OLD.`sku` IS NOT NEW.`sku` OR OLD.`source` IS NOT NEW.`source` OR OLD.`variationId` IS NOT NEW.`variationId` OR OLD.`gtin` IS NOT NEW.`gtin` OR OLD.`name` IS NOT NEW.`name` OR OLD.`category` IS NOT NEW.`category` OR OLD.`priceMinor` IS NOT NEW.`priceMinor` OR OLD.`costMinor` IS NOT NEW.`costMinor` OR OLD.`unmapped` IS NOT NEW.`unmapped` OR OLD.`archived` IS NOT NEW.`archived`) BEGIN INSERT OR IGNORE INTO `past` (`part`, `key`, `until`, `row`) VALUES ('product', OLD.`id`, NEW.`rev`, json_object('id', OLD.`id`, 'sku', OLD.`sku`, 'source', OLD.`source`, 'variationId', OLD.`variationId`, 'gtin', OLD.`gtin`, 'name', OLD.`name`, 'category', OLD.`category`, 'priceMinor', OLD.`priceMinor`, 'costMinor', OLD.`costMinor`, 'unmapped', OLD.`unmapped`, 'archived', OLD.`archived`, 'baskets', OLD.`baskets`, 'buyers', OLD.`buyers`, 'rev', OLD.`rev`)); END;--> statement-breakpoint
CREATE TRIGGER `past_partner` AFTER UPDATE ON `partner` WHEN OLD.`rev` > 0 AND OLD.`rev` < NEW.`rev` BEGIN INSERT OR IGNORE INTO `past` (`part`, `key`, `until`, `row`) VALUES ('partner', OLD.`id`, NEW.`rev`, json_object('id', OLD.`id`, 'name', OLD.`name`, 'trade', OLD.`trade`, 'goals', OLD.`goals`, 'walkMinutes', OLD.`walkMinutes`, 'rev', OLD.`rev`, 'facets', OLD.`facets`, 'people', OLD.`people`, 'places', OLD.`places`, 'opening', OLD.`opening`, 'archived', OLD.`archived`, 'version', OLD.`version`)); END;--> statement-breakpoint
CREATE TRIGGER `past_alliance` AFTER UPDATE ON `alliance` WHEN OLD.`rev` > 0 AND OLD.`rev` < NEW.`rev` BEGIN INSERT OR IGNORE INTO `past` (`part`, `key`, `until`, `row`) VALUES ('alliance', OLD.`id`, NEW.`rev`, json_object('id', OLD.`id`, 'partnerId', OLD.`partnerId`, 'state', OLD.`state`, 'termsVersion', OLD.`termsVersion`, 'rev', OLD.`rev`, 'load', OLD.`load`, 'version', OLD.`version`, 'changedAt', OLD.`changedAt`)); END;--> statement-breakpoint
CREATE TRIGGER `past_terms` AFTER UPDATE ON `terms` WHEN OLD.`rev` > 0 AND OLD.`rev` < NEW.`rev` BEGIN INSERT OR IGNORE INTO `past` (`part`, `key`, `until`, `row`) VALUES ('terms', OLD.`allianceId` || '/' || OLD.`version`, NEW.`rev`, json_object('allianceId', OLD.`allianceId`, 'version', OLD.`version`, 'startsOn', OLD.`startsOn`, 'endsOn', OLD.`endsOn`, 'customerBenefit', OLD.`customerBenefit`, 'commissionBasisPoints', OLD.`commissionBasisPoints`, 'disclosure', OLD.`disclosure`, 'record', OLD.`record`, 'rev', OLD.`rev`, 'agreedAt', OLD.`agreedAt`, 'briefFrom', OLD.`briefFrom`, 'createdAt', OLD.`createdAt`)); END;--> statement-breakpoint
CREATE TRIGGER `past_briefing` AFTER UPDATE ON `briefing` WHEN OLD.`rev` > 0 AND OLD.`rev` < NEW.`rev` BEGIN INSERT OR IGNORE INTO `past` (`part`, `key`, `until`, `row`) VALUES ('briefing', OLD.`allianceId` || '/' || OLD.`siteId`, NEW.`rev`, json_object('allianceId', OLD.`allianceId`, 'siteId', OLD.`siteId`, 'termsVersion', OLD.`termsVersion`, 'on', OLD.`on`, 'actor', OLD.`actor`, 'rev', OLD.`rev`)); END;--> statement-breakpoint
CREATE TRIGGER `past_backStageCheck` AFTER UPDATE ON `backStageCheck` WHEN OLD.`rev` > 0 AND OLD.`rev` < NEW.`rev` BEGIN INSERT OR IGNORE INTO `past` (`part`, `key`, `until`, `row`) VALUES ('backStageCheck', OLD.`id`, NEW.`rev`, json_object('id', OLD.`id`, 'partnerId', OLD.`partnerId`, 'offerId', OLD.`offerId`, 'code', OLD.`code`, 'critical', OLD.`critical`, 'severity', OLD.`severity`, 'ok', OLD.`ok`, 'validUntil', OLD.`validUntil`, 'rev', OLD.`rev`, 'issuer', OLD.`issuer`, 'issuedOn', OLD.`issuedOn`, 'assuredBy', OLD.`assuredBy`, 'assuredOn', OLD.`assuredOn`)); END;--> statement-breakpoint
CREATE TRIGGER `past_offer` AFTER UPDATE ON `offer` WHEN OLD.`rev` > 0 AND OLD.`rev` < NEW.`rev` BEGIN INSERT OR IGNORE INTO `past` (`part`, `key`, `until`, `row`) VALUES ('offer', OLD.`id`, NEW.`rev`, json_set(json_object('id', OLD.`id`, 'kind', OLD.`kind`, 'partnerId', OLD.`partnerId`, 'state', OLD.`state`, 'headline', OLD.`headline`, 'priceMinor', OLD.`priceMinor`, 'costMinor', OLD.`costMinor`, 'ageMinMonths', OLD.`ageMinMonths`, 'ageMaxMonths', OLD.`ageMaxMonths`, 'months', OLD.`months`, 'stage', OLD.`stage`, 'minRelationship', OLD.`minRelationship`, 'commitment', OLD.`commitment`, 'goals', OLD.`goals`, 'facets', OLD.`facets`, 'requires', OLD.`requires`), '$.skus', OLD.`skus`, '$.sites', OLD.`sites`, '$.kindness', OLD.`kindness`, '$.seated', OLD.`seated`, '$.say', OLD.`say`, '$.said', OLD.`said`, '$.accepted', OLD.`accepted`, '$.rev', OLD.`rev`, '$.draftedBy', OLD.`draftedBy`, '$.version', OLD.`version`)); END;--> statement-breakpoint
CREATE TRIGGER `past_link` AFTER UPDATE ON `link` WHEN OLD.`rev` > 0 AND OLD.`rev` < NEW.`rev` BEGIN INSERT OR IGNORE INTO `past` (`part`, `key`, `until`, `row`) VALUES ('link', OLD.`fromOffer` || '/' || OLD.`toOffer` || '/' || OLD.`trigger`, NEW.`rev`, json_object('fromOffer', OLD.`fromOffer`, 'toOffer', OLD.`toOffer`, 'trigger', OLD.`trigger`, 'fromDays', OLD.`fromDays`, 'untilDays', OLD.`untilDays`, 'ageMonths', OLD.`ageMonths`, 'says', OLD.`says`, 'rev', OLD.`rev`)); END;--> statement-breakpoint
CREATE TRIGGER `past_session` AFTER UPDATE ON `session` WHEN OLD.`rev` > 0 AND OLD.`rev` < NEW.`rev` BEGIN INSERT OR IGNORE INTO `past` (`part`, `key`, `until`, `row`) VALUES ('session', OLD.`id`, NEW.`rev`, json_object('id', OLD.`id`, 'offerId', OLD.`offerId`, 'siteId', OLD.`siteId`, 'place', OLD.`place`, 'facet', OLD.`facet`, 'startsAt', OLD.`startsAt`, 'endsAt', OLD.`endsAt`, 'capacity', OLD.`capacity`, 'bookedElsewhere', OLD.`bookedElsewhere`, 'cancelled', OLD.`cancelled`, 'rev', OLD.`rev`, 'uid', OLD.`uid`)); END;--> statement-breakpoint
CREATE TRIGGER `past_hold` AFTER UPDATE ON `hold` WHEN OLD.`rev` > 0 AND OLD.`rev` < NEW.`rev` BEGIN INSERT OR IGNORE INTO `past` (`part`, `key`, `until`, `row`) VALUES ('hold', OLD.`id`, NEW.`rev`, json_object('id', OLD.`id`, 'sessionId', OLD.`sessionId`, 'place', OLD.`place`, 'state', OLD.`state`, 'expiresAt', OLD.`expiresAt`, 'customer', OLD.`customer`, 'recommendationId', OLD.`recommendationId`, 'rev', OLD.`rev`, 'code', OLD.`code`, 'staffId', OLD.`staffId`)); END;--> statement-breakpoint
CREATE TRIGGER `past_acceptance` AFTER UPDATE ON `acceptance` WHEN OLD.`rev` > 0 AND OLD.`rev` < NEW.`rev` BEGIN INSERT OR IGNORE INTO `past` (`part`, `key`, `until`, `row`) VALUES ('acceptance', OLD.`offerId` || '/' || OLD.`mapping` || '/' || OLD.`touchpoint` || '/' || OLD.`band`, NEW.`rev`, json_object('offerId', OLD.`offerId`, 'mapping', OLD.`mapping`, 'touchpoint', OLD.`touchpoint`, 'band', OLD.`band`, 'said', OLD.`said`, 'accepted', OLD.`accepted`, 'declined', OLD.`declined`, 'expected', OLD.`expected`, 'rev', OLD.`rev`)); END;--> statement-breakpoint
CREATE TRIGGER `past_poll` AFTER UPDATE ON `poll` WHEN OLD.`rev` > 0 AND OLD.`rev` < NEW.`rev` BEGIN INSERT OR IGNORE INTO `past` (`part`, `key`, `until`, `row`) VALUES ('poll', OLD.`id`, NEW.`rev`, json_object('id', OLD.`id`, 'goal', OLD.`goal`, 'question', OLD.`question`, 'touchpoints', OLD.`touchpoints`, 'goAnswers', OLD.`goAnswers`, 'goYes', OLD.`goYes`, 'goShare', OLD.`goShare`, 'opensOn', OLD.`opensOn`, 'closesOn', OLD.`closesOn`, 'state', OLD.`state`, 'createdAt', OLD.`createdAt`, 'actor', OLD.`actor`, 'version', OLD.`version`, 'rev', OLD.`rev`)); END;--> statement-breakpoint
CREATE TRIGGER `past_wordRule` AFTER UPDATE ON `wordRule` WHEN OLD.`rev` > 0 AND OLD.`rev` < NEW.`rev` BEGIN INSERT OR IGNORE INTO `past` (`part`, `key`, `until`, `row`) VALUES ('wordRule', OLD.`facet` || '/' || OLD.`goal`, NEW.`rev`, json_object('facet', OLD.`facet`, 'goal', OLD.`goal`, 'weight', OLD.`weight`, 'halfLifeDays', OLD.`halfLifeDays`, 'withdrawn', OLD.`withdrawn`, 'rev', OLD.`rev`)); END;--> statement-breakpoint
CREATE TRIGGER `forgotten_recommendation` AFTER INSERT ON `recommendation` WHEN NEW.`customer` IS NOT NULL AND NOT EXISTS (SELECT 1 FROM `customer` WHERE `ref` = NEW.`customer`) AND NOT EXISTS (SELECT 1 FROM `customerAlias` WHERE `ref` = NEW.`customer`) BEGIN DELETE FROM `recommendation` WHERE `id` = NEW.`id`; END;--> statement-breakpoint
CREATE TRIGGER `merged_in_customer` BEFORE INSERT ON `customer` WHEN EXISTS (SELECT 1 FROM `customerAlias` WHERE `ref` = NEW.`ref`) BEGIN SELECT RAISE(ABORT, 'constraint: this customer was merged into another'); END;--> statement-breakpoint
CREATE TRIGGER `merged_in_child` BEFORE INSERT ON `child` WHEN EXISTS (SELECT 1 FROM `customerAlias` WHERE `ref` = NEW.`customer`) BEGIN SELECT RAISE(ABORT, 'constraint: this customer was merged into another'); END;--> statement-breakpoint
CREATE TRIGGER `merged_in_consent` BEFORE INSERT ON `consent` WHEN EXISTS (SELECT 1 FROM `customerAlias` WHERE `ref` = NEW.`customer`) BEGIN SELECT RAISE(ABORT, 'constraint: this customer was merged into another'); END;--> statement-breakpoint
CREATE TRIGGER `merged_in_evidence` BEFORE INSERT ON `evidence` WHEN EXISTS (SELECT 1 FROM `customerAlias` WHERE `ref` = NEW.`customer`) BEGIN SELECT RAISE(ABORT, 'constraint: this customer was merged into another'); END;--> statement-breakpoint
CREATE TRIGGER `merged_in_careNote` BEFORE INSERT ON `careNote` WHEN EXISTS (SELECT 1 FROM `customerAlias` WHERE `ref` = NEW.`customer`) BEGIN SELECT RAISE(ABORT, 'constraint: this customer was merged into another'); END;--> statement-breakpoint
CREATE TRIGGER `merged_in_purchase` BEFORE INSERT ON `purchase` WHEN EXISTS (SELECT 1 FROM `customerAlias` WHERE `ref` = NEW.`customer`) BEGIN SELECT RAISE(ABORT, 'constraint: this customer was merged into another'); END;--> statement-breakpoint
CREATE TRIGGER `merged_in_hold` BEFORE INSERT ON `hold` WHEN EXISTS (SELECT 1 FROM `customerAlias` WHERE `ref` = NEW.`customer`) BEGIN SELECT RAISE(ABORT, 'constraint: this customer was merged into another'); END;--> statement-breakpoint
CREATE TRIGGER `merged_to_hold` BEFORE UPDATE OF `customer` ON `hold` WHEN EXISTS (SELECT 1 FROM `customerAlias` WHERE `ref` = NEW.`customer`) BEGIN SELECT RAISE(ABORT, 'constraint: this customer was merged into another'); END;--> statement-breakpoint
CREATE TRIGGER `merged_in_waiting` BEFORE INSERT ON `waiting` WHEN EXISTS (SELECT 1 FROM `customerAlias` WHERE `ref` = NEW.`customer`) BEGIN SELECT RAISE(ABORT, 'constraint: this customer was merged into another'); END;--> statement-breakpoint
CREATE TRIGGER `merged_in_referral` BEFORE INSERT ON `referral` WHEN EXISTS (SELECT 1 FROM `customerAlias` WHERE `ref` = NEW.`customer`) BEGIN SELECT RAISE(ABORT, 'constraint: this customer was merged into another'); END;--> statement-breakpoint
CREATE TRIGGER `merged_to_referral` BEFORE UPDATE OF `customer` ON `referral` WHEN EXISTS (SELECT 1 FROM `customerAlias` WHERE `ref` = NEW.`customer`) BEGIN SELECT RAISE(ABORT, 'constraint: this customer was merged into another'); END;--> statement-breakpoint
CREATE TRIGGER `merged_in_pollAnswer` BEFORE INSERT ON `pollAnswer` WHEN EXISTS (SELECT 1 FROM `customerAlias` WHERE `ref` = NEW.`customer`) BEGIN SELECT RAISE(ABORT, 'constraint: this customer was merged into another'); END;--> statement-breakpoint
CREATE TRIGGER `merged_in_recommendation` AFTER INSERT ON `recommendation` WHEN EXISTS (SELECT 1 FROM `customerAlias` WHERE `ref` = NEW.`customer`) BEGIN UPDATE `recommendation` SET `inputs` = json_set(`inputs`, '$.ref', NEW.`customer`), `customer` = (SELECT `customer` FROM `customerAlias` WHERE `ref` = NEW.`customer`) WHERE `id` = NEW.`id`; END;
