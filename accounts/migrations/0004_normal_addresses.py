"""Every e-mail address is kept in its one normal form; two people whom it makes one stop the migration by name."""

import accounts.addresses
from accounts.addresses import NORMAL, InvalidAddress, normalise
from collections import defaultdict
from django.core.management.base import CommandError
from django.db import migrations, models

REMEDY = (
    "Give each person an address of their own before migrating: with the earlier version, in Django admin under "
    "Users; or in SQL, UPDATE accounts_user SET email = '...' WHERE id = ...; then migrate again. Nothing was changed."
)


def normalise_addresses(apps, schema_editor):
    users = apps.get_model("accounts", "User").objects
    people, without = defaultdict(list), []
    for number, email in users.order_by("pk").values_list("pk", "email"):
        try:
            people[normalise(email)].append((number, email))
        except InvalidAddress:
            without.append((number, email))
    several = [group for group in people.values() if len(group) > 1]
    if several or without:
        raise CommandError("\n".join([*map(_name_group, several), *map(_name_odd, without), REMEDY]))
    for address, [(number, email)] in people.items():
        if address != email:
            users.filter(pk=number).update(email=address)


def _name_group(group):
    named = " and ".join(f"{email!a} (id {number})" for number, email in group)
    return f"These people have one e-mail address, written differently: {named}."


def _name_odd(person):
    number, email = person
    return f"{email!a} (id {number}) is no e-mail address."


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_invitations_and_sign_ins")]

    operations = [
        migrations.RunPython(normalise_addresses, migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name="user", name="user_email_unique_whatever_its_case"),
        migrations.AlterField(
            model_name="user",
            name="email",
            field=accounts.addresses.AddressField(max_length=254, unique=True, verbose_name="e-mail address"),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(email__regex=NORMAL), name="user_email_in_its_normal_form"
            ),
        ),
    ]
