"""Let the database itself refuse what breaks a rule of products, whoever asks and by whatever path.

The functions run as the owner, so that they see the rows they judge by whatever the scope of the transaction is.
Each refusal is a check violation whose constraint name says which rule it was. The clock is the database's.
"""

from django.db import migrations

FUNCTION = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public"

HELPERS = f"""
CREATE FUNCTION tenants_refuse(rule text, message text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = rule, MESSAGE = message || ' (' || rule || ')';
END $$;

-- What breaks a rule that takes rows of several tables, of one tenant or of all under one plan; NULL when nothing.
CREATE FUNCTION tenants_first_problem(of_tenant bigint, of_plan bigint) RETURNS text {FUNCTION} STABLE AS $$
    DECLARE
        found text;
    BEGIN
        SELECT CASE WHEN part.id IS NULL THEN 'plan_covers_product'
                    WHEN place.total = 0 THEN 'tenant_has_a_region'
                    WHEN part.edition = 'business' AND place.total <> 1 THEN 'business_has_one_region'
                    ELSE 'hybrid_has_an_aws_region' END
          INTO found
          FROM tenants_tenant t
          LEFT JOIN serviceplans_planproduct part ON part.plan_id = t.service_plan_id AND part.product = t.product
          CROSS JOIN LATERAL (
               SELECT count(*) AS total, count(*) FILTER (WHERE region.provider = 'aws') AS aws
                 FROM tenants_tenantregion tr JOIN serviceplans_storageregion region ON region.id = tr.region_id
                WHERE tr.tenant_id = t.id) place
         WHERE (t.id = of_tenant OR t.service_plan_id = of_plan) AND t.deleted_at IS NULL
           AND (part.id IS NULL OR place.total = 0 OR (part.edition = 'business' AND place.total <> 1)
                OR (t.product = 'hybrid' AND place.aws = 0))
         LIMIT 1;
        RETURN found;
    END $$;
"""

# One tenant by itself: its customer, plan, type, license and state.
TENANT = f"""
CREATE FUNCTION tenants_guard_tenant() RETURNS trigger {FUNCTION} AS $$
DECLARE
    owner record;
    today date;
    longest date;
    is_new boolean := TG_OP = 'INSERT';
    by_page boolean := current_setting('role') IN ('msc_portal', 'msc_support');
BEGIN
    SELECT c.msp_id, c.is_sandbox, c.deleted_at, m.time_zone INTO owner
      FROM customers_customer c JOIN access_msp m ON m.id = c.msp_id WHERE c.id = NEW.customer_id;
    today := (clock_timestamp() AT TIME ZONE owner.time_zone)::date;

    IF is_new THEN
        -- The lock makes adding a product and deleting its customer wait for each other.
        PERFORM FROM customers_customer WHERE id = NEW.customer_id AND deleted_at IS NULL FOR SHARE;
        IF NOT FOUND OR owner.msp_id IS DISTINCT FROM NEW.msp_id THEN
            PERFORM tenants_refuse('tenant_of_a_live_customer', 'the customer is not there');
        END IF;
        IF NOT EXISTS (SELECT FROM serviceplans_offeredproduct o
                        WHERE o.msp_id = NEW.msp_id AND o.product = NEW.product) THEN
            PERFORM tenants_refuse('product_is_offered', 'the product is not offered to the MSP');
        END IF;
        IF by_page AND NEW.state <> 'creating' THEN
            PERFORM tenants_refuse('tenant_begins_in_creating', 'a product begins in creating');
        END IF;
    END IF;

    IF is_new OR NEW.service_plan_id <> OLD.service_plan_id THEN
        PERFORM FROM serviceplans_serviceplan
          WHERE id = NEW.service_plan_id AND msp_id = NEW.msp_id AND deleted_at IS NULL FOR SHARE;
        IF NOT FOUND THEN
            PERFORM tenants_refuse('tenant_under_a_live_plan', 'the service plan is not there');
        END IF;
    END IF;

    IF owner.is_sandbox <> (NEW.tenant_type = 'sandbox') THEN
        PERFORM tenants_refuse('sandbox_type_of_sandbox_customer', 'only the sandbox customer has sandbox products');
    END IF;
    IF NEW.tenant_type = 'sandbox' AND NEW.state NOT IN ('creating', 'ready', 'updating') THEN
        PERFORM tenants_refuse('sandbox_tenant_stays', 'a sandbox product is not suspended or deleted');
    END IF;

    IF is_new THEN
        IF NEW.tenant_type = 'evaluation' AND by_page AND NEW.license_expiry > NEW.created_on + 30 THEN
            PERFORM tenants_refuse('evaluation_begins_with_30_days', 'the evaluation is too long');
        END IF;
    ELSE
        IF OLD.tenant_type = 'commercial' AND NEW.tenant_type <> 'commercial' THEN
            PERFORM tenants_refuse('commercial_stays_commercial', 'commercial never becomes evaluation');
        END IF;
        IF NEW.tenant_type = 'evaluation' AND NEW.license_expiry IS DISTINCT FROM OLD.license_expiry
           AND NEW.license_expiry > greatest(OLD.license_expiry, today) + 30 THEN
            PERFORM tenants_refuse('evaluation_is_extended_by_30_days', 'the extension is too long');
        END IF;
        IF NEW.term_started_on NOT BETWEEN OLD.term_started_on AND greatest(today, OLD.term_started_on) THEN
            PERFORM tenants_refuse('license_term_starts_today', 'a term starts on the day it is agreed');
        END IF;
    END IF;
    IF NEW.tenant_type = 'evaluation' AND NEW.license_expiry > NEW.created_on + 60 THEN
        PERFORM tenants_refuse('evaluation_ends_within_60_days', 'the evaluation is too long');
    END IF;
    longest := (NEW.term_started_on + CASE NEW.product WHEN 'hybrid' THEN interval '8 years'
                                                       ELSE interval '3 years' END)::date;
    IF NEW.tenant_type = 'commercial' AND NEW.license_expiry > longest THEN
        PERFORM tenants_refuse('commercial_license_is_limited', 'the license is too long');
    END IF;
    IF NEW.license_expiry < NEW.created_on THEN
        PERFORM tenants_refuse('license_expires_after_creation', 'the license expires before it begins');
    END IF;

    IF NOT is_new AND NEW.state <> OLD.state THEN
        IF by_page AND (OLD.state, NEW.state) IN
           (('creating', 'ready'), ('updating', 'ready'), ('deleting', 'deleted')) THEN
            PERFORM tenants_refuse('tasks_make_this_move', 'only a task makes this move');
        END IF;
        IF NEW.state = 'deleting' AND (NEW.state_before_deleting <> OLD.state OR NEW.delete_on IS NULL) THEN
            PERFORM tenants_refuse('deletion_remembers_the_state', 'the state before is not kept');
        END IF;
        IF OLD.state = 'deleting' AND NEW.state NOT IN ('deleted', OLD.state_before_deleting) THEN
            PERFORM tenants_refuse('cancelling_returns_to_the_state', 'the state before was another');
        END IF;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER tenants_guard BEFORE INSERT OR UPDATE ON tenants_tenant
    FOR EACH ROW EXECUTE FUNCTION tenants_guard_tenant();
"""

# What hangs on a tenant: of its own MSP, and only what the MSP is offered.
PARTS = f"""
CREATE FUNCTION tenants_guard_part() RETURNS trigger {FUNCTION} AS $$
DECLARE
    owner record;
BEGIN
    SELECT t.msp_id, t.product INTO owner FROM tenants_tenant t WHERE t.id = NEW.tenant_id;
    IF owner.msp_id IS DISTINCT FROM NEW.msp_id THEN
        PERFORM tenants_refuse('part_of_its_own_msp', 'the product is not there');
    END IF;
    IF TG_TABLE_NAME = 'tenants_tenantworkload' AND owner.product <> 'saas' THEN
        PERFORM tenants_refuse('only_saas_counts_users', 'only SaaS Apps and Endpoints counts users');
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION tenants_guard_region() RETURNS trigger {FUNCTION} AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM serviceplans_offeredregion o JOIN tenants_tenant t ON t.id = NEW.tenant_id
                    WHERE o.msp_id = t.msp_id AND o.product = t.product AND o.region_id = NEW.region_id) THEN
        PERFORM tenants_refuse('region_is_offered', 'the region is not offered to the MSP for this product');
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER tenants_guard_msp BEFORE INSERT OR UPDATE ON tenants_tenantregion
    FOR EACH ROW EXECUTE FUNCTION tenants_guard_part();
CREATE TRIGGER tenants_guard_offer BEFORE INSERT ON tenants_tenantregion
    FOR EACH ROW EXECUTE FUNCTION tenants_guard_region();
CREATE TRIGGER tenants_guard_msp BEFORE INSERT OR UPDATE ON tenants_tenantworkload
    FOR EACH ROW EXECUTE FUNCTION tenants_guard_part();
CREATE TRIGGER tenants_guard_msp BEFORE INSERT OR UPDATE ON tenants_quotaperiod
    FOR EACH ROW EXECUTE FUNCTION tenants_guard_part();
"""

# Rules over several tables hold when the transaction commits: a tenant and its regions are written one after another.
TOGETHER = f"""
CREATE FUNCTION tenants_check_tenant() RETURNS trigger {FUNCTION} AS $$
DECLARE
    problem text;
BEGIN
    problem := tenants_first_problem((to_jsonb(NEW) ->> TG_ARGV[0])::bigint, NULL);
    IF problem IS NOT NULL THEN
        PERFORM tenants_refuse(problem, 'a product is out of rule');
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION tenants_check_plan() RETURNS trigger {FUNCTION} AS $$
DECLARE
    problem text;
    plan bigint := coalesce(NEW.plan_id, OLD.plan_id);
BEGIN
    -- Waits for products that are being put under the plan in another transaction, and makes later ones wait.
    PERFORM FROM serviceplans_serviceplan WHERE id = plan FOR UPDATE;
    problem := tenants_first_problem(NULL, plan);
    IF problem IS NOT NULL THEN
        PERFORM tenants_refuse(problem, 'the plan would put a product out of rule');
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER tenants_check AFTER INSERT OR UPDATE OF service_plan_id ON tenants_tenant
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tenants_check_tenant('id');
CREATE CONSTRAINT TRIGGER tenants_check AFTER INSERT ON tenants_tenantregion
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tenants_check_tenant('tenant_id');
CREATE CONSTRAINT TRIGGER tenants_check AFTER INSERT OR UPDATE OR DELETE ON serviceplans_planproduct
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tenants_check_plan();
"""

# What must not go while products stand on it.
BELOW = f"""
CREATE FUNCTION tenants_guard_customer() RETURNS trigger {FUNCTION} AS $$
BEGIN
    IF EXISTS (SELECT FROM tenants_tenant t WHERE t.customer_id = NEW.id AND t.deleted_at IS NULL) THEN
        PERFORM tenants_refuse('deleted_customer_has_no_product', 'the customer has products');
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION tenants_guard_plan() RETURNS trigger {FUNCTION} AS $$
BEGIN
    IF EXISTS (SELECT FROM tenants_tenant t WHERE t.service_plan_id = NEW.id AND t.deleted_at IS NULL) THEN
        PERFORM tenants_refuse('deleted_plan_is_not_in_use', 'products use the plan');
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER tenants_guard BEFORE UPDATE OF deleted_at ON customers_customer
    FOR EACH ROW WHEN (NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION tenants_guard_customer();
CREATE TRIGGER tenants_guard BEFORE UPDATE OF deleted_at ON serviceplans_serviceplan
    FOR EACH ROW WHEN (NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION tenants_guard_plan();
"""

UNDO = """
DROP TRIGGER tenants_guard ON serviceplans_serviceplan;
DROP TRIGGER tenants_guard ON customers_customer;
DROP TRIGGER tenants_check ON serviceplans_planproduct;
DROP TRIGGER tenants_check ON tenants_tenantregion;
DROP TRIGGER tenants_check ON tenants_tenant;
DROP TRIGGER tenants_guard_msp ON tenants_quotaperiod;
DROP TRIGGER tenants_guard_msp ON tenants_tenantworkload;
DROP TRIGGER tenants_guard_offer ON tenants_tenantregion;
DROP TRIGGER tenants_guard_msp ON tenants_tenantregion;
DROP TRIGGER tenants_guard ON tenants_tenant;
DROP FUNCTION tenants_guard_plan();
DROP FUNCTION tenants_guard_customer();
DROP FUNCTION tenants_check_plan();
DROP FUNCTION tenants_check_tenant();
DROP FUNCTION tenants_guard_region();
DROP FUNCTION tenants_guard_part();
DROP FUNCTION tenants_guard_tenant();
DROP FUNCTION tenants_first_problem(bigint, bigint);
DROP FUNCTION tenants_refuse(text, text);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0002_row_security"),
        ("customers", "0002_row_security"),
        ("serviceplans", "0006_what_stays"),
        ("tenants", "0004_moves_and_what_stays"),
    ]

    operations = [
        migrations.RunSQL(HELPERS + TENANT + PARTS + TOGETHER + BELOW, UNDO),
        # Only the triggers call the functions.
        migrations.RunSQL(
            "REVOKE ALL ON FUNCTION tenants_first_problem(bigint, bigint) FROM PUBLIC;", migrations.RunSQL.noop
        ),
    ]
