"""Names of months and weekdays as exports write them, by Babel's CLDR, accents taken off: en, es, pt, it, fr, de, pl, ro.

No name stands for two months. Besides CLDR's: Mrz, as German spreadsheets write March, and the Spanish setiembre.
"""

MONTHS = {
    1: "ene enero gen gennaio ian ianuarie jan janeiro janner januar january janv janvier sty styczen stycznia",
    2: "feb febbraio febrero februar februarie february fev fevereiro fevr fevrier lut lutego luty",
    3: "mar marca march marco mars martie marz marzec marzo mrz",
    4: "abr abril apr april aprile aprilie avr avril kwi kwiecien kwietnia",
    5: "mag maggio mai maio maj maja may mayo",
    6: "cze czerwca czerwiec giu giugno iun iunie juin jun june junho juni junio",
    7: "iul iulie juil juill juillet jul julho juli julio july lip lipca lipiec lug luglio",
    8: "ago agosto aout aug august sie sierpien sierpnia",
    9: "sep sept september septembre septembrie septiembre set setembro setiembre settembre wrz wrzesien wrzesnia",
    10: "oct october octobre octombrie octubre okt oktober ott ottobre out outubro paz pazdziernik pazdziernika",
    11: "lis listopad listopada noiembrie nov november novembre novembro noviembre",
    12: "dec december decembre decembrie dez dezember dezembro dic dicembre diciembre gru grudnia grudzien",
}
WEEKDAYS = (
    "czw czwartek di dienstag dim dimanche do dom domenica domingo donnerstag du dum duminica fr freitag "
    "fri friday gio giovedi je jeu jeudi joi ju jue jueves lu lun lundi lunedi lunes luni ma mar mardi "
    "martedi martes marti me mer mercoledi mercredi mi mie miercoles miercuri mittwoch mo mon monday "
    "montag nie niedz niedziela pia piatek pon poniedzialek pt qua quarta quarta-feira qui quinta "
    "quinta-feira sa sab sabado sabato sam sambata samedi samstag sat saturday seg segunda segunda-feira "
    "sex sexta sexta-feira so sob sobota sonntag sr sro sroda su sun sunday ter terca terca-feira th thu "
    "thursday tu tue tuesday ve ven vendredi venerdi vi vie viernes vin vineri we wed wednesday wt wto "
    "wtorek"
)
