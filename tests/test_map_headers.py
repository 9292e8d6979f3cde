"""The guess on headers as other systems and countries write them, with made-up values: each role of each file."""

import datetime
import random

import pytest

from toolkit.mapping.guess import guess_table
from toolkit.mapping.profile import profile

ROWS = 60
FORMS = {
    "de": "%d.%m.%Y %H:%M",
    "fr": "%d/%m/%Y %H:%M",
    "es": "%d/%m/%Y %H:%M",
    "iso": "%Y-%m-%d %H:%M",
    "us": "%m/%d/%Y %I:%M:%S %p",
    "day": "%m/%d/%Y",
}
PEOPLE = ("Anna Nowak", "Jan Kowal", "M. Rossi", "Lea Schmidt", "P. Costa")
# Lag in hours, and share that is filled, of a beginning, an answer, an end and a later change.
TIMES = {"t0": (0, 1), "t1": (2, 0.9), "t2": (40, 0.7), "t3": (60, 1)}


def cells(said):
    """Values for a column: "t0:de" are times, "w:a|b" words, "n:1-5" numbers, "id:X" keys, and so on."""
    kind, _, more = said.partition(":")
    made = random.Random(said)
    if kind in TIMES:
        lag, filled = TIMES[kind]
        steps = random.Random(1)
        begun = [
            datetime.datetime(2026, 3, 2, 8) + datetime.timedelta(hours=9 * n + 5 * steps.random()) for n in range(ROWS)
        ]
        late = [time + datetime.timedelta(hours=lag * (0.2 + made.random())) for time in begun]
        return [time.strftime(FORMS[more]) if made.random() < filled else "" for time in late]
    if kind == "id":
        return [f"{more}{1000 + 7 * index}" for index in range(ROWS)]
    if kind in ("w", "flag"):
        return [made.choice(more.split("|")) for _ in range(ROWS)]
    if kind == "n":
        return [str(made.randint(*map(int, more.split("-")))) for _ in range(ROWS)]
    if kind in ("text", "short"):
        words = ["lorem", "ipsum", "dolor", "sit", "amet", "problem", "invoice", "login"]
        return [" ".join(made.choice(words) for _ in range(12 if kind == "text" else 4)) for _ in range(ROWS)]
    return {
        "clock": lambda: [
            f"{made.randrange(8, 19)}:{made.randrange(60):02}:{made.randrange(60):02}" for _ in range(ROWS)
        ],
        "dur": lambda: [f"0:0{made.randrange(10)}:{made.randrange(60):02}" for _ in range(ROWS)],
        "names": lambda: [made.choice(PEOPLE) for _ in range(ROWS)],
        "people": lambda: [
            f"{made.choice('ABCDEFG')}. {made.choice(('Ionescu', 'Meyer', 'Dubois'))}{made.randrange(40)}"
            for _ in range(ROWS)
        ],
        "mail": lambda: [f"{made.choice('abcdef')}{made.randrange(50)}@example.com" for _ in range(ROWS)],
        "e": lambda: [""] * ROWS,
    }[kind]()


# (file, table, [(header, values, role)]); "" where the column is none of the roles, "?" where more than one would do.
CASES = [
    (
        "jira.csv",
        "conversations",
        [
            ("Vorgangstyp", "w:Störung|Aufgabe|Anfrage", ""),
            ("Vorgangsschlüssel", "id:SUP-", "id"),
            ("Zusammenfassung", "short", ""),
            ("Zugewiesene Person", "names", "agent"),
            ("Autor", "people", ""),
            ("Priorität", "w:Hoch|Mittel|Niedrig", ""),
            ("Status", "w:Offen|In Arbeit|Fertig", "status"),
            ("Lösung", "w:Fertig|Wird nicht erledigt|", ""),
            ("Erstellt", "t0:de", "created"),
            ("Aktualisiert", "t3:de", ""),
            ("Erledigt", "t2:de", "closed"),
            ("Fällig", "t3:de", ""),
        ],
    ),
    (
        "Jira (2).csv",
        "conversations",
        [
            ("Clé de ticket", "id:HD-", "id"),
            ("Résumé", "short", ""),
            ("Type de ticket", "w:Incident|Demande", ""),
            ("État", "w:Terminé|En cours|À faire", "status"),
            ("Responsable", "names", "agent"),
            ("Rapporteur", "people", ""),
            ("Création", "t0:fr", "created"),
            ("Mise à jour", "t3:fr", ""),
            ("Résolue", "t2:fr", "closed"),
        ],
    ),
    (
        "Jira.csv",
        "conversations",
        [
            ("Clave de incidencia", "id:MX-", "id"),
            ("Resumen", "short", ""),
            ("Tipo de Incidencia", "w:Error|Tarea", ""),
            ("Estado", "w:Finalizado|En curso|Por hacer", "status"),
            ("Persona asignada", "names", "agent"),
            ("Informador", "people", ""),
            ("Creada", "t0:es", "created"),
            ("Actualizada", "t3:es", ""),
            ("Resuelta", "t2:es", "closed"),
        ],
    ),
    (
        "Jira-pl.csv",
        "conversations",
        [
            ("Klucz zgłoszenia", "id:PL-", "id"),
            ("Podsumowanie", "short", ""),
            ("Typ zgłoszenia", "w:Błąd|Zadanie", ""),
            ("Status", "w:Gotowe|W toku|Do zrobienia", "status"),
            ("Osoba przypisana", "names", "agent"),
            ("Zgłaszający", "people", ""),
            ("Utworzono", "t0:de", "created"),
            ("Zaktualizowano", "t3:de", ""),
            ("Rozwiązano", "t2:de", "closed"),
            ("Priorytet", "w:Wysoki|Średni", ""),
        ],
    ),
    (
        "Jira-it.csv",
        "conversations",
        [
            ("Chiave del ticket", "id:IT-", "id"),
            ("Riepilogo", "short", ""),
            ("Stato", "w:Completato|In corso|Da completare", "status"),
            ("Assegnatario", "names", "agent"),
            ("Richiedente", "people", ""),
            ("Creato", "t0:fr", "created"),
            ("Aggiornato", "t3:fr", ""),
            ("Risolto", "t2:fr", "closed"),
            ("Priorità", "w:Alta|Media", ""),
        ],
    ),
    (
        "otrs_export.csv",
        "conversations",
        [
            ("Nummer", "n:1-9999", ""),
            ("Ticket#", "id:2026030210", "id"),
            ("Alter", "dur", ""),
            ("Erstellt", "t0:iso", "created"),
            ("Geschlossen", "t2:iso", "closed"),
            ("Erste Sperre", "t1:iso", ""),
            ("Erste Reaktion", "t1:iso", "first"),
            ("Status", "w:erfolgreich geschlossen|offen|neu", "status"),
            ("Priorität", "w:3 normal|4 hoch", ""),
            ("Queue", "w:Postmaster|Raw|Support", "team"),
            ("Sperre", "w:frei|gesperrt", ""),
            ("Besitzer", "names", "agent"),
            ("Kundennummer", "people", "customer"),
            ("Von", "mail", ""),
            ("Betreff", "short", ""),
            ("Lösungszeit in Minuten", "n:5-900", ""),
        ],
    ),
    (
        "glpi.csv",
        "conversations",
        [
            ("ID", "id:", "id"),
            ("Titre", "short", ""),
            ("Statut", "w:Clos|En cours (Attribué)|Nouveau|Résolu", "status"),
            ("Dernière modification", "t3:fr", ""),
            ("Date d'ouverture", "t0:fr", "created"),
            ("Priorité", "w:Moyenne|Haute", ""),
            ("Demandeur - Demandeur", "people", "customer"),
            ("Attribué à - Technicien", "names", "agent"),
            ("Attribué à - Groupe de techniciens", "w:N1|N2", "team"),
            ("Catégorie", "w:Réseau|Poste|Messagerie", "topic"),
            ("Date de résolution", "t2:fr", "closed"),
            ("Temps de résolution dépassé", "flag:Oui|Non", ""),
        ],
    ),
    (
        "sp156_1tri.csv",
        "conversations",
        [
            ("Data de abertura", "t0:fr", "created"),
            ("Canal", "w:APP|CENTRAL TELEFONICA|PORTAL", "channel"),
            ("Tema", "w:Rua e bairro|Animais", "topic"),
            ("Assunto", "w:Buraco|Poda", ""),
            ("Serviço", "w:Tapa-buraco|Poda de árvore", ""),
            ("Número do protocolo", "id:", "id"),
            ("Status da solicitação", "w:FINALIZADA|AGUARDANDO ATENDIMENTO", "status"),
            ("Data do Parecer", "t2:fr", "?"),
            ("Órgão", "w:SUB|SMSUB", "team"),
            ("Data de Nascimento", "e", ""),
        ],
    ),
    (
        "311_Service_Requests.csv",
        "conversations",
        [
            ("Unique Key", "id:", "id"),
            ("Created Date", "t0:us", "created"),
            ("Closed Date", "t2:us", "closed"),
            ("Agency", "w:NYPD|DOT", "team"),
            ("Agency Name", "w:Police Department|Transport", ""),
            ("Complaint Type", "w:Noise|Parking|Heat", "topic"),
            ("Descriptor", "w:Loud|Blocked|No heat", ""),
            ("Incident Zip", "n:10001-10040", ""),
            ("Status", "w:Closed|Open|In Progress", "status"),
            ("Due Date", "t3:us", ""),
            ("Resolution Description", "text", ""),
            ("Resolution Action Updated Date", "t3:us", ""),
            ("Borough", "w:BRONX|QUEENS", ""),
            ("Open Data Channel Type", "w:PHONE|ONLINE|MOBILE", "channel"),
        ],
    ),
    (
        "Telecom Company Call-Center-Dataset.csv",
        "calls",
        [
            ("Call Id", "id:ID", "id"),
            ("Agent", "names", "agent"),
            ("Date", "t0:day", "created"),
            ("Time", "clock", "created"),
            ("Topic", "w:Streaming|Payment|Contract", "topic"),
            ("Answered (Y/N)", "flag:Y|N", "status"),
            ("Resolved", "flag:Y|N", ""),
            ("Speed of answer in seconds", "n:5-120", "wait"),
            ("AvgTalkDuration", "dur", "talk"),
            ("Satisfaction rating", "n:1-5", "score"),
        ],
    ),
    (
        "customer_support_tickets.csv",
        "conversations",
        [
            ("Ticket ID", "id:", "id"),
            ("Customer Name", "people", ""),
            ("Customer Email", "mail", "customer"),
            ("Customer Age", "n:18-70", ""),
            ("Customer Gender", "w:Male|Female", ""),
            ("Product Purchased", "w:GoPro|LG TV", "project"),
            ("Date of Purchase", "t0:iso", "?"),
            ("Ticket Type", "w:Refund request|Technical issue", "topic"),
            ("Ticket Subject", "short", ""),
            ("Ticket Description", "text", ""),
            ("Ticket Status", "w:Open|Closed|Pending Customer Response", "status"),
            ("Resolution", "e", ""),
            ("Ticket Priority", "w:Critical|Low", ""),
            ("Ticket Channel", "w:Email|Chat|Phone|Social media", "channel"),
            ("First Response Time", "t1:iso", "first"),
            ("Time to Resolution", "t2:iso", "closed"),
            ("Customer Satisfaction Rating", "n:1-5", "score"),
        ],
    ),
    (
        "five9.csv",
        "calls",
        [
            ("CALL ID", "id:30000", "id"),
            ("TIMESTAMP", "t0:us", "created"),
            ("CAMPAIGN", "w:Sales|Care", ""),
            ("CALL TYPE", "w:Inbound|Outbound", "direction"),
            ("AGENT", "mail", "?"),
            ("AGENT NAME", "names", "agent"),
            ("DISPOSITION", "w:Resolved|Abandon|No Disposition", "status"),
            ("ANI", "n:2000000000-2999999999", "customer"),
            ("DNIS", "n:8000000000-8000000009", ""),
            ("CALL TIME", "dur", ""),
            ("QUEUE WAIT TIME", "dur", "wait"),
            ("TALK TIME", "dur", "talk"),
            ("HOLD TIME", "dur", "hold"),
            ("AFTER CALL WORK TIME", "dur", "wrap"),
            ("TRANSFERS", "n:0-2", ""),
            ("ABANDONED", "n:0-1", ""),
        ],
    ),
    (
        "aircall.csv",
        "calls",
        [
            ("line", "w:Support|Sales", ""),
            ("date (TZ)", "t0:iso", ""),
            ("datetime (UTC)", "t0:iso", "created"),
            ("direction", "w:inbound|outbound", "direction"),
            ("from", "n:33000000000-33999999999", "customer"),
            ("to", "n:33100000000-33100000009", ""),
            ("answered", "flag:Yes|No", "status"),
            ("missed_call_reason", "w:out_of_opening_hours|no_available_agent|", ""),
            ("user", "names", "agent"),
            ("duration (total)", "n:5-900", ""),
            ("duration (in call)", "n:0-800", "talk"),
            ("waiting time", "n:1-60", "wait"),
            ("voicemail", "e", ""),
            ("teams", "w:FR|DE", "team"),
        ],
    ),
    (
        "servicenow_de.xlsx",
        "conversations",
        [
            ("Nummer", "id:INC00", "id"),
            ("Geöffnet", "t0:de", "created"),
            ("Kurzbeschreibung", "short", ""),
            ("Anrufer", "people", "customer"),
            ("Priorität", "w:4 - Niedrig|3 - Mittel", ""),
            ("Status", "w:Geschlossen|In Bearbeitung|Gelöst", "status"),
            ("Kategorie", "w:Software|Netzwerk", "topic"),
            ("Zuweisungsgruppe", "w:Service Desk|Netz", "team"),
            ("Zugewiesen zu", "names", "agent"),
            ("Aktualisiert", "t3:de", ""),
            ("Geschlossen", "t2:de", "closed"),
        ],
    ),
    (
        "explore_es.csv",
        "conversations",
        [
            ("ID de ticket", "id:", "id"),
            ("Ticket creado - Marca de tiempo", "t0:iso", "created"),
            ("Ticket resuelto - Marca de tiempo", "t2:iso", "closed"),
            ("Canal del ticket", "w:Correo electrónico|Web|Chat", "channel"),
            ("Estado del ticket", "w:Cerrado|Abierto|Pendiente", "status"),
            ("Nombre del agente asignado", "names", "agent"),
            ("Grupo del ticket", "w:Nivel 1|Nivel 2", "team"),
            ("Calificación de satisfacción del ticket", "w:Buena|Mala|", "score"),
            ("Tiempo de primera respuesta (min)", "n:1-400", ""),
        ],
    ),
    (
        "tichete.csv",
        "conversations",
        [
            ("Nr. tichet", "id:", "id"),
            ("Data înregistrării", "t0:de", "created"),
            ("Data soluționării", "t2:de", "closed"),
            ("Stare", "w:Închis|Deschis|În lucru", "status"),
            ("Canal", "w:Telefon|E-mail|Ghișeu", "channel"),
            ("Operator", "names", "agent"),
            ("Categorie", "w:Facturare|Tehnic", "topic"),
            ("Nota clientului", "n:1-5", "score"),
        ],
    ),
    (
        "zgloszenia_marzec.csv",
        "conversations",
        [
            ("Numer sprawy", "id:Z/", "id"),
            ("Data wpływu", "t0:de", "created"),
            ("Data zakończenia", "t2:de", "closed"),
            ("Etap", "w:Zakończona|W toku|Nowa", "status"),
            ("Źródło", "w:Telefon|E-mail|Formularz", "channel"),
            ("Prowadzący", "names", "agent"),
            ("Temat", "w:Faktura|Reklamacja", "topic"),
            ("Ocena", "n:1-5", "score"),
        ],
    ),
    (
        "assistenza.csv",
        "conversations",
        [
            ("Nr. pratica", "id:", "id"),
            ("Data apertura", "t0:fr", "created"),
            ("Data chiusura", "t2:fr", "closed"),
            ("Stato pratica", "w:Chiusa|Aperta|In lavorazione", "status"),
            ("Canale di contatto", "w:Telefono|E-mail|Sportello", "channel"),
            ("Operatore", "names", "agent"),
            ("Voto", "n:1-10", "score"),
            ("Motivo contatto", "w:Guasto|Fattura", "topic"),
        ],
    ),
    (
        "atendimentos.csv",
        "conversations",
        [
            ("Protocolo", "id:2026", "id"),
            ("Data/hora de entrada", "t0:fr", "created"),
            ("Data/hora de encerramento", "t2:fr", "closed"),
            ("Situação", "w:Encerrado|Aberto", "status"),
            ("Meio de contato", "w:Telefone|WhatsApp|E-mail", "channel"),
            ("Atendente", "names", "agent"),
            ("Motivo", "w:Cobrança|Suporte", "topic"),
            ("Nota de satisfação", "n:0-10", "score"),
        ],
    ),
    (
        "survey_results.csv",
        "surveys",
        [
            ("Response ID", "id:R_", "id"),
            ("Ticket", "id:T", ""),
            ("Survey sent", "t0:iso", "created"),
            ("Submitted at", "t1:iso", "answered"),
            ("How likely are you to recommend us?", "n:0-10", "score"),
            ("Comments", "text", "comment"),
            ("Agent", "names", "agent"),
        ],
    ),
    (
        "umfrage.csv",
        "surveys",
        [
            ("Umfrage-ID", "id:U", "id"),
            ("Versanddatum", "t0:de", "created"),
            ("Antwortdatum", "t1:de", "answered"),
            ("Zufriedenheit", "n:1-5", "score"),
            ("Kommentar", "text", "comment"),
            ("Mitarbeiter", "names", "agent"),
            ("Kanal", "w:E-Mail|Telefon", "channel"),
        ],
    ),
    (
        "llamadas_abril.csv",
        "calls",
        [
            ("ID llamada", "id:L", "id"),
            ("Fecha", "t0:day", "created"),
            ("Hora", "clock", "created"),
            ("Cola", "w:Ventas|Soporte", "queue"),
            ("Agente", "names", "agent"),
            ("Resultado", "w:Atendida|Abandonada", "status"),
            ("Tiempo en espera (seg)", "n:1-90", "wait"),
            ("Tiempo de conversación (seg)", "n:10-600", "talk"),
        ],
    ),
    (
        "helpscout.csv",
        "conversations",
        [
            ("Number", "id:", "id"),
            ("Subject", "short", ""),
            ("Customer", "people", "customer"),
            ("Customer Email", "mail", ""),
            ("Assigned To", "names", "agent"),
            ("Status", "w:closed|active|pending", "status"),
            ("Tags", "w:vip|bug|", ""),
            ("Created", "t0:iso", "created"),
            ("Closed", "t2:iso", "closed"),
            ("Mailbox", "w:Support|Billing", ""),
            ("Type", "w:email|chat|phone", "channel"),
            ("Handle Time", "dur", ""),
            ("Rating", "w:Great|Okay|Not Good|", "score"),
        ],
    ),
]
ROLES = {
    "id": ("conversation_id", "call_id", "survey_id"),
    "created": ("created_at", "started_at", "sent_at"),
    "closed": ("closed_at", "ended_at"),
    "first": ("first_response_at",),
    "status": ("status", "outcome"),
    "channel": ("channel",),
    "agent": ("agent",),
    "score": ("score", "+score"),
    "team": ("team",),
    "topic": ("topic",),
    "customer": ("customer_id",),
    "wait": ("queue_seconds",),
    "talk": ("talk_seconds",),
    "hold": ("hold_seconds",),
    "wrap": ("wrap_up_seconds",),
    "direction": ("direction",),
    "answered": ("answered_at",),
    "comment": ("comment",),
    "queue": ("queue",),
    "project": ("project",),
}
MAIN = ("created", "closed", "status", "channel", "agent", "score")


@pytest.mark.parametrize("file, table, columns", CASES, ids=[case[0] for case in CASES])
def test_every_column_has_its_role(file, table, columns):
    made = guess_table([profile(header, cells(said)) for header, said, _ in columns], file)
    assert made.table == table
    took = {}
    for column, pick in made.picks.items():
        for header in pick.headers:
            took.setdefault(header, set()).add(column)
    for header, _, role in columns:
        got = took.get(header, set())
        if role == "":
            assert not got & {column for one in MAIN for column in ROLES[one]}, header
        elif role != "?":
            assert got & set(ROLES[role]), header
