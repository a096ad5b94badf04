CREATE TABLE `audit` (
	`id` text PRIMARY KEY NOT NULL,
	`at` text NOT NULL,
	`actor` text NOT NULL,
	`role` text NOT NULL,
	`action` text NOT NULL,
	`object` text NOT NULL,
	`objectId` text NOT NULL,
	`changes` text NOT NULL,
	`requestId` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `audit_object` ON `audit` (`object`,`objectId`,`at`);--> statement-breakpoint
CREATE INDEX `audit_at` ON `audit` (`at`);--> statement-breakpoint
CREATE TABLE `briefing` (
	`allianceId` text NOT NULL,
	`siteId` text NOT NULL,
	`termsVersion` integer NOT NULL,
	`on` text NOT NULL,
	`actor` text NOT NULL,
	`rev` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`allianceId`, `siteId`)
);
--> statement-breakpoint
CREATE TABLE `decision` (
	`allianceId` text NOT NULL,
	`termsVersion` integer NOT NULL,
	`side` text NOT NULL,
	`decision` text NOT NULL,
	`actor` text NOT NULL,
	`at` text NOT NULL,
	PRIMARY KEY(`allianceId`, `termsVersion`, `side`)
);
--> statement-breakpoint
CREATE TABLE `dispute` (
	`id` text PRIMARY KEY NOT NULL,
	`partnerId` text NOT NULL,
	`code` text,
	`entryId` text,
	`eventId` text,
	`reason` text NOT NULL,
	`openedBy` text NOT NULL,
	`openedAt` text NOT NULL,
	`resolvedAt` text,
	`resolution` text,
	`resolvedBy` text
);
--> statement-breakpoint
CREATE INDEX `dispute_partner` ON `dispute` (`partnerId`,`resolvedAt`);--> statement-breakpoint
CREATE INDEX `dispute_entry` ON `dispute` (`entryId`);--> statement-breakpoint
CREATE TABLE `idempotency` (
	`id` text PRIMARY KEY NOT NULL,
	`digest` text NOT NULL,
	`status` integer,
	`body` text,
	`headers` text,
	`at` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `invite` (
	`hash` text PRIMARY KEY NOT NULL,
	`role` text NOT NULL,
	`siteId` text,
	`partnerId` text,
	`staffId` text,
	`label` text NOT NULL,
	`createdAt` text NOT NULL,
	`expiresAt` text NOT NULL,
	`usedAt` text
);
--> statement-breakpoint
CREATE TABLE `issuedStatement` (
	`id` text PRIMARY KEY NOT NULL,
	`partnerId` text NOT NULL,
	`month` text NOT NULL,
	`currency` text NOT NULL,
	`totalMinor` integer NOT NULL,
	`issuedAt` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `statement_month` ON `issuedStatement` (`partnerId`,`month`,`currency`);--> statement-breakpoint
CREATE TABLE `ledgerEntry` (
	`id` text PRIMARY KEY NOT NULL,
	`partnerId` text NOT NULL,
	`allianceId` text NOT NULL,
	`code` text,
	`cause` text NOT NULL,
	`unit` text NOT NULL,
	`amount` integer NOT NULL,
	`currency` text,
	`termsVersion` integer NOT NULL,
	`onDate` text NOT NULL,
	`dueOn` text NOT NULL,
	`reverses` text,
	`note` text,
	`recordedAt` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `ledger_partner` ON `ledgerEntry` (`partnerId`,`dueOn`);--> statement-breakpoint
CREATE INDEX `ledger_code` ON `ledgerEntry` (`code`);--> statement-breakpoint
CREATE UNIQUE INDEX `ledger_reverses` ON `ledgerEntry` (`reverses`);--> statement-breakpoint
CREATE TABLE `outbox` (
	`id` text PRIMARY KEY NOT NULL,
	`webhookId` text NOT NULL,
	`type` text NOT NULL,
	`body` text NOT NULL,
	`at` text NOT NULL,
	`nextAt` text,
	`attempts` integer DEFAULT 0 NOT NULL,
	`deliveredAt` text,
	`lastStatus` text
);
--> statement-breakpoint
CREATE INDEX `outbox_next` ON `outbox` (`nextAt`);--> statement-breakpoint
CREATE TABLE `referralEvent` (
	`id` text PRIMARY KEY NOT NULL,
	`code` text NOT NULL,
	`kind` text NOT NULL,
	`at` text NOT NULL,
	`aboutOn` text,
	`valueMinor` integer,
	`voids` text,
	`offerId` text,
	`via` text NOT NULL,
	`recordedAt` text NOT NULL,
	`digest` text NOT NULL,
	`effect` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `event_code` ON `referralEvent` (`code`,`at`);--> statement-breakpoint
CREATE TABLE `signIn` (
	`hash` text PRIMARY KEY NOT NULL,
	`role` text NOT NULL,
	`siteId` text,
	`partnerId` text,
	`staffId` text,
	`label` text NOT NULL,
	`createdAt` text NOT NULL,
	`expiresAt` text NOT NULL,
	`revokedAt` text
);
--> statement-breakpoint
CREATE TABLE `signingSecret` (
	`partnerId` text PRIMARY KEY NOT NULL,
	`secret` text NOT NULL,
	`createdAt` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `statementLine` (
	`entryId` text PRIMARY KEY NOT NULL,
	`statementId` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `waiting` (
	`id` text PRIMARY KEY NOT NULL,
	`sessionId` text NOT NULL,
	`customer` text,
	`staffId` text,
	`state` text NOT NULL,
	`at` text NOT NULL,
	`holdId` text
);
--> statement-breakpoint
CREATE INDEX `waiting_session` ON `waiting` (`sessionId`,`state`,`at`);--> statement-breakpoint
CREATE TABLE `webhook` (
	`id` text PRIMARY KEY NOT NULL,
	`url` text NOT NULL,
	`secret` text NOT NULL,
	`types` text DEFAULT '[]' NOT NULL,
	`createdAt` text NOT NULL,
	`disabledAt` text
);
--> statement-breakpoint
CREATE TABLE `wish` (
	`id` text PRIMARY KEY NOT NULL,
	`siteId` text,
	`staffId` text,
	`words` text NOT NULL,
	`goal` text,
	`ageMonths` integer,
	`at` text NOT NULL
);
--> statement-breakpoint
ALTER TABLE `alliance` ADD `load` text DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE `alliance` ADD `version` integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE `alliance` ADD `changedAt` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `backStageCheck` ADD `issuer` text;--> statement-breakpoint
ALTER TABLE `backStageCheck` ADD `issuedOn` text;--> statement-breakpoint
ALTER TABLE `backStageCheck` ADD `assuredBy` text;--> statement-breakpoint
ALTER TABLE `backStageCheck` ADD `assuredOn` text;--> statement-breakpoint
ALTER TABLE `hold` ADD `code` text;--> statement-breakpoint
ALTER TABLE `hold` ADD `staffId` text;--> statement-breakpoint
CREATE INDEX `hold_code` ON `hold` (`code`);--> statement-breakpoint
ALTER TABLE `offer` ADD `draftedBy` text;--> statement-breakpoint
ALTER TABLE `offer` ADD `version` integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE `partner` ADD `facets` text DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE `partner` ADD `people` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `partner` ADD `places` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `partner` ADD `opening` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `partner` ADD `archived` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `partner` ADD `version` integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE `referral` ADD `direction` text DEFAULT 'ours' NOT NULL;--> statement-breakpoint
ALTER TABLE `referral` ADD `siteId` text;--> statement-breakpoint
ALTER TABLE `referral` ADD `staffId` text;--> statement-breakpoint
ALTER TABLE `referral` ADD `statusDueOn` text;--> statement-breakpoint
ALTER TABLE `referral` ADD `madeOn` text;--> statement-breakpoint
ALTER TABLE `referral` ADD `newsOn` text;--> statement-breakpoint
ALTER TABLE `referral` ADD `version` integer DEFAULT 1 NOT NULL;--> statement-breakpoint
CREATE INDEX `referral_partner` ON `referral` (`partnerId`,`createdAt`);--> statement-breakpoint
CREATE INDEX `referral_alliance` ON `referral` (`allianceId`,`madeOn`);--> statement-breakpoint
CREATE UNIQUE INDEX `referral_inbound` ON `referral` (`customer`) WHERE "referral"."direction" = 'theirs';--> statement-breakpoint
ALTER TABLE `session` ADD `uid` text;--> statement-breakpoint
CREATE UNIQUE INDEX `session_uid` ON `session` (`offerId`,`uid`);--> statement-breakpoint
ALTER TABLE `terms` ADD `agreedAt` text;--> statement-breakpoint
ALTER TABLE `terms` ADD `briefFrom` integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE `terms` ADD `createdAt` text DEFAULT '' NOT NULL;--> statement-breakpoint
UPDATE `terms` SET `agreedAt` = coalesce(`startsOn`, '1970-01-01') || 'T00:00:00.000Z' WHERE EXISTS (SELECT 1 FROM `alliance` a WHERE a.`id` = `terms`.`allianceId` AND a.`termsVersion` = `terms`.`version` AND a.`state` IN ('agreed', 'live', 'paused', 'ended'));--> statement-breakpoint
INSERT INTO `briefing` (`allianceId`, `siteId`, `termsVersion`, `on`, `actor`, `rev`) SELECT a.`id`, s.`id`, a.`termsVersion`, '1970-01-01', 'migration', 1 FROM `alliance` a JOIN `site` s WHERE a.`state` IN ('live', 'paused');--> statement-breakpoint
UPDATE `referral` SET `madeOn` = substr(`createdAt`, 1, 10), `siteId` = (SELECT r.`siteId` FROM `recommendation` r WHERE r.`id` = `referral`.`recommendationId`);
